//! Columns: which field stands under which header, and in which role.

use crate::fault::Fault;
use crate::persona::Role;
use crate::record::ColumnRole;
use crate::template::Column;
use crate::template::field::{Field, Law};
use crate::template::yaml::Node;

/// Reads the columns and the index of each one's field.
pub(crate) fn read(
    node: &Node<'_>,
    nodes: &[(String, Node<'_>)],
    fields: &[Field],
    roles: &[Role],
) -> Result<(Vec<Column>, Vec<usize>), Fault> {
    let mut columns: Vec<Column> = Vec::new();
    let mut indices = Vec::new();
    for item in node.list()? {
        let mut column = item.fields()?;
        let role_node = column.required("role")?;
        let word = role_node.word()?;
        let role: ColumnRole = word.parse().unwrap_or_else(|never| match never {});
        let header = column.required("header")?.word()?;
        let aliases = match column.optional("aliases") {
            Some(node) => node.list()?.iter().map(Node::word).collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        let (name, named_at) = match column.optional("field") {
            Some(node) => (node.word()?, node),
            None => (word.replace('.', "_"), item.clone()),
        };
        column.finish()?;
        if columns.iter().any(|have| have.role == role) {
            return Err(role_node.fault(format!("two columns play the role {word}")));
        }
        let Some(index) = fields.iter().position(|field| field.name == name) else {
            let fault = named_at.fault(format!("there is no field {name:?} for this column"));
            return Err(fault
                .hint(format!("fields: {}", fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "))));
        };
        check_role(&role, &fields[index].law, &role_node)?;
        columns.push(Column { role, header, aliases });
        indices.push(index);
    }
    if columns.is_empty() {
        return Err(node.fault("expected at least one column"));
    }
    for role in roles {
        if !columns.iter().any(|column| column.role == ColumnRole::Phone(*role)) {
            let fault = node.fault(format!("the {} wears a line but has no phone column", role.name()));
            return Err(fault.hint(format!("a column with role: {}.phone", role.name())));
        }
    }
    for (index, (name, node)) in nodes.iter().enumerate() {
        let used = indices.contains(&index) || fields.iter().any(|field| field.sources().contains(&index));
        if !used {
            let fault = node.fault(format!("no column shows the field {name:?}"));
            return Err(fault.hint("remove it, or give it a column"));
        }
    }
    Ok((columns, indices))
}

/// Refuses a column whose role and field cannot go together: a phone column
/// must hold a line or a copy (invariant 5), a number column the block's number.
fn check_role(role: &ColumnRole, law: &Law, node: &Node<'_>) -> Result<(), Fault> {
    let suits = match (role, law) {
        (_, Law::Copied { .. }) => true,
        (ColumnRole::Phone(want), Law::Phone { role, .. }) => want == role,
        (ColumnRole::Phone(_), _) | (_, Law::Phone { .. }) => false,
        (ColumnRole::Number, Law::Waybill | Law::Between { .. }) => true,
        (ColumnRole::Number, _) | (_, Law::Waybill) => false,
        (ColumnRole::Name(want), Law::Name { role, .. }) => want == role,
        (ColumnRole::Name(_), _) => false,
        (ColumnRole::Address(want), Law::Address { role, .. }) => want == role,
        (
            ColumnRole::Province(want)
            | ColumnRole::City(want)
            | ColumnRole::District(want)
            | ColumnRole::Town(want)
            | ColumnRole::Local(want),
            Law::PlaceParts { role, .. },
        ) => want == role,
        _ => true,
    };
    if suits { Ok(()) } else { Err(node.fault(format!("the column {role} cannot show a field of this kind"))) }
}
