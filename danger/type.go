package danger

import (
	"fmt"
	"strings"
)

// dataType is a ClickHouse type taken apart: Nullable(String) has one argument.
// What is no type (a number, an enum's element, a time zone) is one by name alone.
type dataType struct {
	name string
	args []dataType
}

// parseType takes a type apart and gives it the names that servers give it.
func parseType(text string) dataType {
	text = strings.TrimSpace(text)
	upper := strings.ToUpper(text)
	if inner, nullable := strings.CutSuffix(upper, " NULL"); nullable && !strings.HasSuffix(inner, " NOT") {
		return dataType{"Nullable", []dataType{parseType(text[:len(inner)])}}
	}
	if inner, plain := strings.CutSuffix(upper, " NOT NULL"); plain {
		text = strings.TrimSpace(text[:len(inner)])
	}
	open := strings.IndexByte(text, '(')
	if strings.HasPrefix(text, "'") || open < 0 || !strings.HasSuffix(text, ")") {
		return dataType{name: text}.canonical()
	}
	t := dataType{name: strings.TrimSpace(text[:open])}
	if t.isEnum() {
		for _, element := range splitList(text[open+1 : len(text)-1]) {
			t.args = append(t.args, dataType{name: strings.TrimSpace(element)})
		}
		return t.canonical()
	}
	for _, arg := range splitList(text[open+1 : len(text)-1]) {
		t.args = append(t.args, parseType(arg))
	}
	return t.canonical()
}

func (t dataType) isEnum() bool {
	return strings.EqualFold(t.name, "Enum") || t.name == "Enum8" || t.name == "Enum16"
}

// canonical replaces the aliases that servers replace.
func (t dataType) canonical() dataType {
	switch strings.ToUpper(t.name) {
	case "TEXT", "VARCHAR", "CHAR", "BLOB", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT":
		return dataType{name: "String"}
	case "BOOL", "BOOLEAN":
		return dataType{name: "Bool"}
	case "TINYINT", "INT1":
		return dataType{name: "Int8"}
	case "SMALLINT":
		return dataType{name: "Int16"}
	case "INT", "INTEGER", "MEDIUMINT":
		return dataType{name: "Int32"}
	case "BIGINT":
		return dataType{name: "Int64"}
	case "FLOAT", "REAL":
		return dataType{name: "Float32"}
	case "DOUBLE":
		return dataType{name: "Float64"}
	case "DECIMAL", "DEC", "NUMERIC":
		return t.decimal()
	case "DECIMAL32", "DECIMAL64", "DECIMAL128", "DECIMAL256":
		if len(t.args) == 1 {
			digits := map[string]string{"32": "9", "64": "18", "128": "38", "256": "76"}[t.name[len("Decimal"):]]
			return dataType{"Decimal", []dataType{{name: digits}, t.args[0]}}
		}
	case "DATETIME64":
		if len(t.args) == 0 {
			return dataType{"DateTime64", []dataType{{name: "3"}}}
		}
	case "ENUM":
		return t.sizedEnum()
	}
	return t
}

func (t dataType) decimal() dataType {
	args := []dataType{{name: "10"}, {name: "0"}}
	copy(args, t.args)
	return dataType{"Decimal", args}
}

// sizedEnum is Enum8 or Enum16, as the elements need it.
func (t dataType) sizedEnum() dataType {
	t.name = "Enum8"
	for value := range t.elements() {
		if value < -128 || value > 127 {
			t.name = "Enum16"
		}
	}
	return t
}

// String is the type in one spelling, for comparing and for people.
func (t dataType) String() string {
	if len(t.args) == 0 {
		return t.name
	}
	var args []string
	for _, arg := range t.args {
		args = append(args, arg.String())
	}
	if t.isEnum() {
		args = args[:0]
		elements := t.elements()
		for _, value := range sortedValues(elements) {
			args = append(args, fmt.Sprintf("%s = %d", elements[value], value))
		}
	}
	return t.name + "(" + strings.Join(args, ", ") + ")"
}

// splitList splits at the commas outside quotes and brackets.
func splitList(text string) []string {
	var (
		out   []string
		from  int
		depth int
		quote byte
	)
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '`':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			depth--
		case b == ',' && depth == 0:
			out = append(out, text[from:i])
			from = i + 1
		}
	}
	if strings.TrimSpace(text[from:]) != "" {
		out = append(out, text[from:])
	}
	return out
}
