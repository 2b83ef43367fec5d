package danger

import (
	"fmt"
	"strconv"
	"strings"
)

// classifyChange says what a change of a column's type does to the values that
// are there: nothing, or all are written anew. The words say what may be lost on
// the way, or make the server refuse; empty: every value has its like.
//
// Which changes leave the files alone is ClickHouse's own list, seen alike on
// 18.16 and 26.7: elements added to an enum or named anew, an enum to its
// integer, Date and UInt16, DateTime and UInt32, a time zone, and these within
// Array and Nullable. Types are compared in their spelling, aliases resolved.
func classifyChange(from, to string) (Class, string) {
	a, b := parseType(from), parseType(to)
	lost := loss(a, b)
	if sameFiles(a, b) {
		return MetadataOnly, lost
	}
	return RewritesData, lost
}

func sameFiles(a, b dataType) bool {
	for {
		if a.String() == b.String() || a.name == "DateTime" && b.name == "DateTime" {
			return true
		}
		if a.isEnum() && a.name == b.name {
			return len(missing(a, b)) == 0
		}
		switch a.name + ">" + b.name {
		case "Enum8>Int8", "Enum16>Int16", "DateTime>UInt32", "UInt32>DateTime", "Date>UInt16", "UInt16>Date":
			return true
		}
		if a.name != b.name || a.name != "Array" && a.name != "Nullable" || len(a.args) != 1 || len(b.args) != 1 {
			return false
		}
		a, b = a.args[0], b.args[0]
	}
}

// loss says in words what a change of type may cost; "" if nothing.
func loss(a, b dataType) string {
	if a.String() == b.String() {
		return ""
	}
	switch {
	case a.name == "LowCardinality" && len(a.args) == 1:
		return loss(a.args[0], b)
	case b.name == "LowCardinality" && len(b.args) == 1:
		return loss(a, b.args[0])
	case a.name == "Nullable" && len(a.args) == 1 && b.name == "Nullable" && len(b.args) == 1:
		return loss(a.args[0], b.args[0])
	case b.name == "Nullable" && len(b.args) == 1:
		return loss(a, b.args[0])
	case a.name == "Nullable" && len(a.args) == 1:
		return joined("NULL has no place in "+b.String()+": servers refuse it, newer ones take the column's DEFAULT", loss(a.args[0], b))
	case a.name == b.name && len(a.args) == len(b.args) && (a.name == "Array" || a.name == "Map" || a.name == "Tuple"):
		var parts []string
		for i := range a.args {
			parts = append(parts, loss(a.args[i], b.args[i]))
		}
		return joined(parts...)
	case a.isEnum() && b.isEnum():
		return enumLoss(a, b)
	}
	return scalarLoss(a, b)
}

func joined(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}

func enumLoss(a, b dataType) string {
	gone := missing(a, b)
	if len(gone) == 0 {
		have, want := a.elements(), b.elements()
		var renamed []string
		for _, value := range sortedValues(have) {
			if want[value] != have[value] {
				renamed = append(renamed, fmt.Sprintf("%s is called %s", have[value], want[value]))
			}
		}
		return strings.Join(renamed, ", ")
	}
	return "takes " + strings.Join(gone, ", ") + " from the enum: rows that have it can no longer be read"
}

// scalarLoss compares types without arguments of other types.
func scalarLoss(a, b dataType) string {
	change := a.String() + " to " + b.String()
	from, to := numberOf(a), numberOf(b)
	switch {
	case b.name == "String" || a.isEnum() && to.kind != 0:
		return ""
	case from.kind != 0 && to.kind != 0:
		return numberLoss(from, to, change)
	case a.name == "String" && b.name == "FixedString":
		return "narrows " + change + ": longer values make it fail"
	case a.name == "FixedString" && b.name == "FixedString":
		if argument(b, 0) < argument(a, 0) {
			return "narrows " + change + ": longer values make it fail"
		}
		return ""
	case a.name == "String" && b.isEnum():
		return "values that the enum lacks make it fail"
	case a.name == "String":
		return "parses String as " + b.String() + ": a value that does not parse makes it fail, and one that is too large becomes another"
	case timeRank(a) > 0 && timeRank(b) > 0:
		return timeLoss(a, b, change)
	case sameFiles(a, b):
		return ""
	}
	return "whether " + change + " keeps every value is not known"
}

// number describes a numeric type: how many digits it has before and after the
// point, in bits for integers and floats, in decimals for Decimal.
type number struct {
	kind          byte // 'u', 'i', 'f', 'd'; 0: no number
	bits          int
	digits, scale int
}

func numberOf(t dataType) number {
	bits := func(prefix string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(t.name, prefix))
		if err != nil {
			return 0
		}
		return n
	}
	switch {
	case t.name == "Bool":
		return number{kind: 'u', bits: 1}
	case strings.HasPrefix(t.name, "UInt"):
		return number{kind: 'u', bits: bits("UInt")}
	case strings.HasPrefix(t.name, "Int") && bits("Int") > 0:
		return number{kind: 'i', bits: bits("Int")}
	case strings.HasPrefix(t.name, "Float"), strings.HasPrefix(t.name, "BFloat"):
		return number{kind: 'f', bits: bits(strings.TrimRight(t.name, "0123456789"))}
	case t.name == "Decimal":
		return number{kind: 'd', digits: argument(t, 0) - argument(t, 1), scale: argument(t, 1)}
	}
	return number{}
}

func numberLoss(from, to number, change string) string {
	const wraps = ": values that do not fit become others, without an error"
	switch string(from.kind) + string(to.kind) {
	case "uu", "ii", "ff":
		switch {
		case from.bits <= to.bits:
			return ""
		case from.kind == 'f':
			return "narrows " + change + ": digits are lost, large values do not fit"
		}
		return "narrows " + change + wraps
	case "ui":
		if from.bits < to.bits {
			return ""
		}
		return "narrows " + change + wraps
	case "iu":
		return "narrows " + change + ": negative values become others, without an error"
	case "uf", "if":
		if mantissa := map[int]int{16: 8, 32: 24, 64: 53}[to.bits]; from.bits <= mantissa {
			return ""
		}
		return "narrows " + change + ": large values lose digits"
	case "fu", "fi":
		return "narrows " + change + ": fractions are cut off, values that do not fit become others"
	case "dd":
		return decimalLoss(from, to, change)
	case "ud", "id":
		// 3 bits make a decimal digit at most: 10 bits are 3.01 of them.
		if from.bits*302/1000+1 <= to.digits {
			return ""
		}
		return "narrows " + change + ": values that do not fit make it fail"
	case "fd":
		return "narrows " + change + ": digits are lost, values that do not fit make it fail"
	}
	return "narrows " + change + ": digits may be lost" // from Decimal
}

func decimalLoss(from, to number, change string) string {
	var said []string
	if to.scale < from.scale {
		said = append(said, "decimals are cut off")
	}
	if to.digits < from.digits {
		said = append(said, "values that do not fit make it fail")
	}
	if len(said) == 0 {
		return ""
	}
	return "narrows " + change + ": " + strings.Join(said, ", ")
}

// timeRank orders types of time by how much they tell.
func timeRank(t dataType) int {
	switch t.name {
	case "Date":
		return 1
	case "Date32":
		return 2
	case "DateTime":
		return 3
	case "DateTime64":
		return 4 + argument(t, 0)
	}
	return 0
}

func timeLoss(a, b dataType, change string) string {
	var said []string
	switch {
	case timeRank(a) > 2 && timeRank(b) <= 2:
		said = append(said, "the time of day is lost")
	case timeRank(a) > 3 && timeRank(b) < timeRank(a):
		said = append(said, "fractions of a second are lost")
	}
	if wide := a.name == "Date32" || a.name == "DateTime64"; wide && (b.name == "Date" || b.name == "DateTime") ||
		a.name == "Date" && b.name == "DateTime" {
		said = append(said, "dates outside its range become others")
	}
	if len(said) == 0 {
		return ""
	}
	return "narrows " + change + ": " + strings.Join(said, ", ")
}

// argument is a number among a type's arguments; 0 if it has none there.
func argument(t dataType, i int) int {
	if i >= len(t.args) {
		return 0
	}
	n, err := strconv.Atoi(t.args[i].name)
	if err != nil {
		return 0
	}
	return n
}
