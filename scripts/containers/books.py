"""Writes workbooks as carriers export them, by two libraries, and compares them before and after planting."""

import csv
import datetime
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.chart import BarChart, Reference


def rows(count):
    """The header and so many rows of the shipped export."""
    path = pathlib.Path(__file__).parents[2] / "tests/data/exports/yongnian_2400.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    return lines[0], lines[1 : count + 1]


def value(column, text):
    """A cell as an exporter types it: times are dates, weights and fees are numbers."""
    if text == "":
        return None
    if "时间" in column:
        return datetime.datetime.fromisoformat(text)
    if column in ("件数",) or "重量" in column or column == "运费":
        return float(text) if "." in text else int(text)
    return text


def styled(path, count=300):
    """By openpyxl: a title, a header, formulas, a table, rules, merged cells, widths, a total, a second sheet, a chart."""
    header, data = rows(count)
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "说明"
    notes["A1"] = "本文件由系统导出"
    sheet = book.create_sheet("运单明细")
    sheet["A1"] = "永年区二部 运单明细"
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(header))
    sheet["A1"].font = Font(size=16, bold=True)
    sheet.row_dimensions[1].height = 30
    sheet["A2"] = "导出时间"
    sheet["B2"] = datetime.datetime(2020, 11, 30, 8, 0)
    top = 4
    columns = header + ["合计"]
    thin = Side(style="thin", color="999999")
    for place, name in enumerate(columns, 1):
        cell = sheet.cell(top, place, name)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="305496")
        cell.border = Border(bottom=thin)
        sheet.column_dimensions[get_column_letter(place)].width = 8 + len(name) * 2
    weight, fee = header.index("重量(kg)") + 1, header.index("运费") + 1
    for number, record in enumerate(data, top + 1):
        for place, (name, text) in enumerate(zip(header, record), 1):
            cell = sheet.cell(number, place, value(name, text))
            if "时间" in name:
                cell.number_format = "yyyy/m/d h:mm"
            elif "重量" in name:
                cell.number_format = "0.00"
            elif "运单号" in name or "电话" in name:
                cell.number_format = "@"
            cell.alignment = Alignment(vertical="center")
            if number % 2:
                cell.fill = PatternFill("solid", fgColor="EEF3FA")
        sheet.cell(number, len(columns), f"={get_column_letter(weight)}{number}*2+{get_column_letter(fee)}{number}")
        sheet.row_dimensions[number].height = 18
    last = top + len(data)
    for place in (weight, fee, len(columns)):
        letter = get_column_letter(place)
        sheet.cell(last + 2, place, f"=SUM({letter}{top + 1}:{letter}{last})")
    sheet.cell(last + 2, 1, "合计")
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    area = f"A{top}:{get_column_letter(len(columns))}{last}"
    table = Table(displayName="Waybills", ref=area)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight9", showRowStripes=True)
    sheet.add_table(table)
    letter = get_column_letter(weight)
    sheet.conditional_formatting.add(
        f"{letter}{top + 1}:{letter}{last}",
        FormulaRule(formula=[f"AND(${letter}{top + 1}>5,COUNTIF(${letter}${top + 1}:${letter}${last},${letter}{top + 1})>1)"], fill=PatternFill("solid", bgColor="FFC7CE")),
    )
    choice = DataValidation(type="list", formula1='"寄付,到付,月结"', allow_blank=True)
    pay = get_column_letter(header.index("支付方式") + 1)
    choice.add(f"{pay}{top + 1}:{pay}{last}")
    sheet.add_data_validation(choice)
    sheet.cell(top + 50, 1).comment = Comment("待核实", "审核")
    sheet.cell(2, 4).hyperlink = f"#'运单明细'!A{top + 100}"
    sheet.print_area = area
    sheet.print_title_rows = f"{top}:{top}"
    summary = book.create_sheet("汇总")
    summary["A1"] = "总重量"
    summary["B1"] = f"=SUM('运单明细'!{letter}{top + 1}:{letter}{last})"
    summary["A2"] = "第一百单"
    summary["B2"] = f"=运单明细!$A${top + 100}"
    summary["A3"] = "文字"
    summary["B3"] = '="运单明细!A5"&"A5"'
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=weight, min_row=top, max_row=last), titles_from_data=True)
    summary.add_chart(chart, "D2")
    book.defined_names["运单"] = DefinedName("运单", attr_text=f"'运单明细'!$A${top}:$A${last}")
    book.save(path)


def plain(path, count=300):
    """By XlsxWriter: shared strings in the order of use, dates with seconds under a format without, phones as numbers."""
    header, data = rows(count)
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Sheet1")
    time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    wide = book.add_format({"num_format": "0"})
    sheet.write_row(0, 0, header)
    for number, record in enumerate(data, 1):
        for place, (name, text) in enumerate(zip(header, record)):
            typed = value(name, text)
            if typed is None:
                continue
            if "时间" in name:
                sheet.write_datetime(number, place, typed, time)
            elif "电话" in name and text.isdigit():
                sheet.write_number(number, place, int(text), wide)
            else:
                sheet.write(number, place, typed)
    sheet.autofilter(0, 0, len(data), len(header) - 1)
    sheet.set_column(0, 0, 20)
    book.close()


def inline(path, count=300):
    """By XlsxWriter without shared strings, as streaming exporters write."""
    header, data = rows(count)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("导出")
    for number, record in enumerate([header] + data):
        sheet.write_row(number, 0, record)
    book.close()


def planted_rows(before, after, sheet):
    """Numbers of the rows of a sheet that were added, by what the others say."""
    old = [tuple(cell.value if not is_formula(cell.value) else "=" for cell in row) for row in before[sheet].iter_rows()]
    new = [tuple(cell.value if not is_formula(cell.value) else "=" for cell in row) for row in after[sheet].iter_rows()]
    added, at = [], 0
    for number, row in enumerate(new, 1):
        if at < len(old) and row[: len(old[at])] == old[at]:
            at += 1
        else:
            added.append(number)
    if at != len(old):
        sys.exit(f"row {at + 1} of the original is not in the planted workbook")
    return added


def is_formula(text):
    return isinstance(text, str) and text.startswith("=")


def style(cell):
    return (
        cell.number_format,
        cell.font.b, cell.font.sz, cell.font.color and cell.font.color.rgb,
        cell.fill.fill_type, cell.fill.fgColor.rgb,
        cell.border.bottom.style,
        cell.alignment.vertical,
    )


def shifted(formula, sheet_of_formula, home, row):
    """A formula with the rows of the home sheet moved, by a law of its own: regular expressions instead of a scanner."""
    pieces = re.split(r'("[^"]*")', formula)
    pattern = re.compile(r"((?:'[^']+'|[\w一-鿿]+)!)?(\$?[A-Z]{1,3}\$?)(\d+)(?::(\$?[A-Z]{1,3}\$?)(\d+))?(?![\w(])")

    def move(match):
        name, first, a, last, b = match.groups()
        target = name.rstrip("!").strip("'") if name else sheet_of_formula
        if target != home:
            return match.group(0)
        text = (name or "") + first + str(row(int(a), b and "start"))
        if b:
            text += f":{last}{row(int(b), 'end')}"
        return text

    return "".join(piece if piece.startswith('"') else pattern.sub(move, piece) for piece in pieces)


def compare(original, planted, home, canaries, first, last):
    """Every original cell, its style, width, height and formula, before and after; returns the numbers of added rows."""
    before, after = openpyxl.load_workbook(original), openpyxl.load_workbook(planted)
    assert before.sheetnames == after.sheetnames
    added = planted_rows(before, after, home)
    assert len(added) == canaries, f"{len(added)} rows were added, not {canaries}: {added}"

    def place(number):
        return next(new for new in range(number, number + len(added) + 1) if new not in added and new - sum(a < new for a in added) == number)

    def row(number, end=None):
        new = place(number)
        while end == "end" and number == last and new + 1 in added:
            new += 1
        while end == "start" and number == first and new - 1 in added:
            new -= 1
        return new

    cells = formulas = 0
    for name in before.sheetnames:
        old, new = before[name], after[name]
        for cells_of_row in old.iter_rows():
            for cell in cells_of_row:
                other = new.cell(place(cell.row) if name == home else cell.row, cell.column)
                expected = cell.value
                if is_formula(expected):
                    expected = shifted(expected, name, home, row)
                    formulas += 1
                assert other.value == expected, f"{name}!{cell.coordinate}: {cell.value!r} became {other.value!r}, not {expected!r}"
                assert style(cell) == style(other), f"{name}!{cell.coordinate}: its style changed"
                assert cell.hyperlink is None or other.hyperlink is not None
                cells += 1
        widths = lambda sheet: {key: column.width for key, column in sheet.column_dimensions.items()}
        assert widths(old) == widths(new)
        for number, dimension in old.row_dimensions.items():
            moved = place(number) if name == home else number
            assert new.row_dimensions[moved].height == dimension.height
    old, new = before[home], after[home]
    comments = lambda sheet: {cell.coordinate for cells in sheet.iter_rows() for cell in cells if cell.comment}
    assert {place(int(re.sub(r"\D", "", at))) for at in comments(old)} == {int(re.sub(r"\D", "", at)) for at in comments(new)}
    area = lambda text: shifted(text, home, home, row)
    tables = lambda sheet: [(table.displayName, table) for table in sheet.tables.values()]
    assert [area(str(m)) for m in old.merged_cells.ranges] == [str(m) for m in new.merged_cells.ranges]
    assert {n: area(t.ref) for n, t in tables(old)} == {n: t.ref for n, t in tables(new)}
    assert (old.auto_filter.ref and area(old.auto_filter.ref)) == new.auto_filter.ref
    assert [area(str(r.sqref)) for r in old.conditional_formatting] == [str(r.sqref) for r in new.conditional_formatting]
    assert [area(str(v.sqref)) for v in old.data_validations.dataValidation] == [str(v.sqref) for v in new.data_validations.dataValidation]
    assert (old.print_area and area(old.print_area)) == new.print_area, (old.print_area, new.print_area)
    # what was added looks like what stands beside it
    for number in added:
        for cell in new[number]:
            beside = [new.cell(number - 1, cell.column), new.cell(number + 1, cell.column)]
            nearest = [other for other in beside if other.row not in added]
            if number - 1 >= row(first) and nearest:
                assert any(style(cell) == style(other) for other in nearest) or any(other.row in added for other in beside), f"{home}!{cell.coordinate}: its style is no neighbour's"
    return cells, formulas, added


def as_shown(soffice, path, sheet):
    """What LibreOffice shows of a sheet, with its formulas calculated."""
    with tempfile.TemporaryDirectory() as folder:
        every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
        profile = f"-env:UserInstallation=file://{folder}/profile"
        subprocess.run(
            [soffice, profile, "--headless", "--convert-to", every_sheet, "--outdir", folder, path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
        )
        shown = pathlib.Path(folder) / f"{pathlib.Path(path).stem}-{sheet}.csv"
        with open(shown, encoding="utf-8", newline="") as file:
            return list(csv.reader(file))


def office(soffice, original, planted, home, canaries, calculates):
    """LibreOffice opens both: what it shows of the original's rows is the same, and a sum counts the planted ones if it
    is calculated."""
    before, after = as_shown(soffice, original, home), as_shown(soffice, planted, home)
    total = next((row[0] == "合计" and number for number, row in enumerate(before) if row and row[0] == "合计"), None)
    records = lambda rows: [row for row in rows if row and row[0] != "合计"]
    old, at, added = records(before), 0, []
    for row in records(after):
        if at < len(old) and row == old[at]:
            at += 1
        else:
            added.append(row)
    assert at == len(old), f"LibreOffice shows row {at + 1} of the original otherwise"
    assert len(added) == canaries, f"LibreOffice shows {len(added)} rows more, not {canaries}"
    if total is not None and calculates:
        number = lambda text: float(text) if re.fullmatch(r"[0-9.]+", text) else 0.0
        columns = [place for place, text in enumerate(before[total]) if number(text)]
        sums = next(row for row in after if row and row[0] == "合计")
        for place in columns:
            of_rows = sum(number(row[place]) for row in records(after) if len(row) > place)
            assert abs(number(sums[place]) - of_rows) < 0.01, f"column {place + 1} sums to {sums[place]}, its rows to {of_rows}"
    return len(old), len(added)


def save_again(soffice, path, out):
    """The workbook as LibreOffice writes it."""
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        subprocess.run(
            [soffice, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", folder, path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
        )
        shutil.move(pathlib.Path(folder) / pathlib.Path(path).name, out)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "make":
        folder = pathlib.Path(rest[0])
        for make in (styled, plain, inline):
            make(folder / f"{make.__name__}.xlsx")
    elif command == "compare":
        original, planted, home, canaries, first, last = rest
        cells, formulas, added = compare(original, planted, home, int(canaries), int(first), int(last))
        print(f"{cells} cells are as they were, {formulas} formulas among them moved along; {len(added)} rows were added")
    elif command == "office":
        soffice, original, planted, home, canaries, how = rest
        rows, added = office(soffice, original, planted, home, int(canaries), how == "calculates")
        print(f"LibreOffice shows {rows} rows as before and {added} more")
    elif command == "save-again":
        save_again(*rest)
