//! What the definitions of a dump say of a table: its columns and what must not occur twice.

/// What is known of a table's columns and keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// Names, each with its comment, if it has one.
    pub(super) columns: Vec<(String, Option<String>)>,
    /// The columns of each unique key.
    pub(super) keys: Vec<Vec<String>>,
}

/// A definition's table, and what it says of it.
pub(super) fn read(sql: &str) -> Option<(String, Definition)> {
    let words = tokens(sql);
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let is = |at: usize, word: &str| upper.get(at).is_some_and(|other| other == word);
    if is(0, "CREATE") {
        if let Some(on) = upper.iter().position(|word| word == "ON").filter(|_| is(1, "UNIQUE")) {
            let (table, open) = name_at(&words, on + 1);
            let keys = vec![names(words.get(open..)?)];
            return Some((table, Definition { columns: Vec::new(), keys }));
        }
        let at = upper.iter().take(5).position(|word| word == "TABLE")?;
        let at = if is(at + 1, "IF") { at + 3 } else { at };
        let (table, open) = name_at(&words, at + 1);
        return (words.get(open)?.as_str() == "(").then(|| (table, of_items(&words[open + 1..])));
    }
    if is(0, "ALTER") && is(1, "TABLE") {
        let at = 2 + [is(2, "ONLY"), is(2, "IF")].iter().filter(|is| **is).count();
        let (table, _) = name_at(&words, at);
        let key = (0..upper.len()).find(|at| is(*at, "PRIMARY") || is(*at, "UNIQUE"))?;
        let open = words.iter().skip(key).position(|word| word == "(")? + key;
        return Some((table, Definition { columns: Vec::new(), keys: vec![names(&words[open..])] }));
    }
    None
}

/// Columns and keys between the parentheses of `CREATE TABLE`.
fn of_items(words: &[String]) -> Definition {
    let mut definition = Definition::default();
    let (mut depth, mut start) = (0, 0);
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" if depth > 0 => depth -= 1,
            ")" => {
                item(&words[start..at], &mut definition);
                return definition;
            }
            "," if depth == 0 => {
                item(&words[start..at], &mut definition);
                start = at + 1;
            }
            _ => {}
        }
    }
    definition
}

fn item(words: &[String], definition: &mut Definition) {
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let Some(first) = upper.first() else { return };
    let constraints = [
        "PRIMARY",
        "UNIQUE",
        "KEY",
        "INDEX",
        "FULLTEXT",
        "SPATIAL",
        "CONSTRAINT",
        "FOREIGN",
        "CHECK",
        "EXCLUDE",
        "LIKE",
        "PERIOD",
    ];
    let is_unique = upper.iter().any(|word| word == "PRIMARY" || word == "UNIQUE");
    if constraints.contains(&first.as_str()) {
        if let Some(open) = words.iter().position(|word| word == "(").filter(|_| is_unique) {
            definition.keys.push(names(&words[open..]));
        }
        return;
    }
    let name = unquoted(&words[0]);
    let comment = upper.iter().position(|word| word == "COMMENT").and_then(|at| words.get(at + 1));
    if is_unique {
        definition.keys.push(vec![name.clone()]);
    }
    definition.columns.push((name, comment.map(|comment| unquoted(comment))));
}

/// The names in the parentheses that open here; of `name(10)` and `name DESC`, the name.
fn names(words: &[String]) -> Vec<String> {
    let (mut names, mut depth, mut is_next) = (Vec::new(), 0, false);
    for word in words {
        match word.as_str() {
            "(" => {
                depth += 1;
                is_next = depth == 1;
            }
            ")" => {
                depth -= 1;
                if depth == 0 {
                    return names;
                }
            }
            "," if depth == 1 => is_next = true,
            word if is_next => {
                names.push(unquoted(word));
                is_next = false;
            }
            _ => {}
        }
    }
    names
}

/// The name at a place, without its schema, and the place behind it.
fn name_at(words: &[String], at: usize) -> (String, usize) {
    let mut at = at;
    while words.get(at + 1).is_some_and(|word| word == ".") {
        at += 2;
    }
    (words.get(at).map(|word| unquoted(word)).unwrap_or_default(), at + 1)
}

fn unquoted(word: &str) -> String {
    let quote = word.chars().next().filter(|char| matches!(char, '\'' | '"' | '`'));
    match quote {
        Some(quote) if word.len() >= 2 => {
            let double = format!("{quote}{quote}");
            word[1..word.len() - 1].replace(&double, &quote.to_string()).replace("\\'", "'")
        }
        _ => word.to_owned(),
    }
}

/// Words, quoted ones with their quotes, and single characters.
fn tokens(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = sql.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        let mut end = start + char.len_utf8();
        match char {
            char if char.is_whitespace() => continue,
            '\'' | '"' | '`' => {
                let mut closed = false;
                while let Some((at, next)) = chars.next() {
                    end = at + next.len_utf8();
                    if next == '\\' && char == '\'' {
                        chars.next();
                    } else if next == char {
                        if chars.peek().is_some_and(|(_, next)| *next == char) {
                            chars.next();
                        } else {
                            closed = true;
                            break;
                        }
                    }
                }
                if !closed {
                    break;
                }
            }
            char if char.is_alphanumeric() || char == '_' => {
                while let Some((at, next)) = chars.next_if(|(_, next)| next.is_alphanumeric() || *next == '_') {
                    end = at + next.len_utf8();
                }
            }
            _ => {}
        }
        words.push(sql[start..end].to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(sql: &str) -> (String, Vec<String>, Vec<String>) {
        let (table, definition) = read(sql).expect("it says something");
        let comment = |(name, comment): &(String, Option<String>)| match comment {
            Some(comment) => format!("{name}={comment}"),
            None => name.clone(),
        };
        (
            table,
            definition.columns.iter().map(comment).collect(),
            definition.keys.iter().map(|key| key.join("+")).collect(),
        )
    }

    #[test]
    fn definitions_say_columns_comments_and_keys() {
        let mysql = "CREATE TABLE `waybills` (\n `id` int(11) NOT NULL AUTO_INCREMENT,\n `no` varchar(20) DEFAULT 'a,b' COMMENT '运单号',\n\
            `kind` enum('x','y)') , KEY `k` (`no`), PRIMARY KEY (`id`), UNIQUE KEY `u` (`no`(10),`kind` DESC)\n) ENGINE=InnoDB;";
        let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();

        assert_eq!(
            read_one(mysql),
            ("waybills".to_owned(), strings(&["id", "no=运单号", "kind"]), strings(&["id", "no+kind"]))
        );
        assert_eq!(
            read_one(
                "CREATE TABLE IF NOT EXISTS public.\"t\" (id integer PRIMARY KEY, a text UNIQUE, b text CHECK (b <> ','))"
            ),
            ("t".to_owned(), strings(&["id", "a", "b"]), strings(&["id", "a"]))
        );
        assert_eq!(
            read_one("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);"),
            ("t".to_owned(), Vec::new(), strings(&["id"]))
        );
        assert_eq!(
            read_one("CREATE UNIQUE INDEX i ON public.t USING btree (a, b);"),
            ("t".to_owned(), Vec::new(), strings(&["a+b"]))
        );
        assert_eq!(read("CREATE FUNCTION f() AS 'x'"), None);
        assert_eq!(read("ALTER TABLE t OWNER TO x;"), None);
        assert_eq!(read("CREATE TABLE t ('"), Some(("t".to_owned(), Definition::default())));
    }
}
