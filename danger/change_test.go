package danger

import "testing"

// What each change does was seen on 18.16 and 26.7, by their files and mutations.
func TestClassOfATypeChange(t *testing.T) {
	for _, test := range []struct {
		from, to string
		class    Class
		lost     string // "": nothing
	}{
		{"UInt64", "UInt64", MetadataOnly, ""},
		{"Decimal(9, 2)", "Decimal(9,2)", MetadataOnly, ""},
		{"Decimal(18, 4)", "Decimal64(4)", MetadataOnly, ""},
		{"Int32", "INT NOT NULL", MetadataOnly, ""},
		{"Nullable(String)", "VARCHAR(10) NULL", MetadataOnly, ""},
		{"Map(String, Array(UInt8))", "Map(String,Array(UInt8))", MetadataOnly, ""},
		{"AggregateFunction(sum, UInt64)", "AggregateFunction(sum,UInt64)", MetadataOnly, ""},

		{"Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)", MetadataOnly, ""},
		{"Enum8('a' = 1, 'b' = 2)", "Enum('a','b')", MetadataOnly, ""},
		{"Enum8('b' = 2, 'a,=(' = 1)", "Enum8('a,=('=1,'b'=2)", MetadataOnly, ""},
		{"Array(Enum8('a' = 1))", "Array(Enum8('a' = 1, 'b' = 2))", MetadataOnly, ""},
		{"Nullable(Enum8('a' = 1))", "Nullable(Enum8('a' = 1, 'b' = 2))", MetadataOnly, ""},
		{"Enum8('a' = 1)", "Enum8('b' = 1)", MetadataOnly, "'a' is called 'b'"},
		{"Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)", RewritesData, "takes 'b' from the enum: rows that have it can no longer be read"},
		{"Enum8('a' = 1)", "Enum16('a' = 1, 'b' = 300)", RewritesData, ""},
		{"Enum8('a' = 1)", "Enum('a' = 1, 'b' = 300)", RewritesData, ""},
		{"Enum8('a' = 1)", "Int8", MetadataOnly, ""},
		{"Enum8('a' = 1)", "String", RewritesData, ""},
		{"String", "Enum8('a' = 1)", RewritesData, "values that the enum lacks make it fail"},
		{"DateTime", "DateTime('UTC')", MetadataOnly, ""},
		{"DateTime", "UInt32", MetadataOnly, ""},
		{"UInt16", "Date", MetadataOnly, ""},

		{"String", "LowCardinality(String)", RewritesData, ""},
		{
			"LowCardinality(Nullable(String))", "LowCardinality(String)", RewritesData,
			"NULL has no place in String: servers refuse it, newer ones take the column's DEFAULT",
		},
		{"String", "Nullable(String)", RewritesData, ""},
		{"Nullable(UInt8)", "UInt8", RewritesData, "NULL has no place in UInt8: servers refuse it, newer ones take the column's DEFAULT"},
		{"Nullable(UInt64)", "UInt32", RewritesData, "NULL has no place in UInt32: servers refuse it, newer ones take the column's DEFAULT; " +
			"narrows UInt64 to UInt32: values that do not fit become others, without an error"},

		{"UInt8", "UInt32", RewritesData, ""},
		{"UInt32", "Int64", RewritesData, ""},
		{"UInt64", "UInt32", RewritesData, "narrows UInt64 to UInt32: values that do not fit become others, without an error"},
		{"UInt64", "Int64", RewritesData, "narrows UInt64 to Int64: values that do not fit become others, without an error"},
		{"Int64", "Int256", RewritesData, ""},
		{"Int8", "UInt64", RewritesData, "narrows Int8 to UInt64: negative values become others, without an error"},
		{"Array(UInt64)", "Array(UInt8)", RewritesData, "narrows UInt64 to UInt8: values that do not fit become others, without an error"},
		{"UInt64", "Float64", RewritesData, "narrows UInt64 to Float64: large values lose digits"},
		{"UInt32", "Float64", RewritesData, ""},
		{"Float32", "Float64", RewritesData, ""},
		{"Float64", "Float32", RewritesData, "narrows Float64 to Float32: digits are lost, large values do not fit"},
		{"Float64", "Int32", RewritesData, "narrows Float64 to Int32: fractions are cut off, values that do not fit become others"},
		{"Decimal(9, 3)", "Decimal(9, 2)", RewritesData, "narrows Decimal(9, 3) to Decimal(9, 2): decimals are cut off"},
		{"Decimal(18, 2)", "Decimal(9, 2)", RewritesData, "narrows Decimal(18, 2) to Decimal(9, 2): values that do not fit make it fail"},
		{"Decimal(9, 2)", "Decimal(18, 4)", RewritesData, ""},
		{"Decimal(9, 2)", "Int64", RewritesData, "narrows Decimal(9, 2) to Int64: digits may be lost"},
		{"UInt64", "Decimal(9, 2)", RewritesData, "narrows UInt64 to Decimal(9, 2): values that do not fit make it fail"},
		{"UInt8", "Decimal(9, 2)", RewritesData, ""},

		{"String", "FixedString(2)", RewritesData, "narrows String to FixedString(2): longer values make it fail"},
		{"FixedString(3)", "FixedString(2)", RewritesData, "narrows FixedString(3) to FixedString(2): longer values make it fail"},
		{"FixedString(2)", "FixedString(3)", RewritesData, ""},
		{"FixedString(2)", "String", RewritesData, ""},
		{
			"String", "UUID", RewritesData,
			"parses String as UUID: a value that does not parse makes it fail, and one that is too large becomes another",
		},
		{"UInt64", "String", RewritesData, ""},

		{"DateTime64(6)", "DateTime64(3)", RewritesData, "narrows DateTime64(6) to DateTime64(3): fractions of a second are lost"},
		{"DateTime64(3)", "DateTime64(6, 'UTC')", RewritesData, ""},
		{
			"DateTime64(3)", "DateTime", RewritesData,
			"narrows DateTime64(3) to DateTime: fractions of a second are lost, dates outside its range become others",
		},
		{"DateTime", "DateTime64(3)", RewritesData, ""},
		{"DateTime", "Date", RewritesData, "narrows DateTime to Date: the time of day is lost"},
		{"Date", "Date32", RewritesData, ""},
		{"UInt64", "UUID", RewritesData, "whether UInt64 to UUID keeps every value is not known"},
		{"Tuple(UInt8, String)", "Tuple(UInt8)", RewritesData, "whether Tuple(UInt8, String) to Tuple(UInt8) keeps every value is not known"},
	} {
		class, lost := classifyChange(test.from, test.to)
		if class != test.class || lost != test.lost {
			t.Errorf("%s -> %s\n have %s, %q\n want %s, %q", test.from, test.to, class, lost, test.class, test.lost)
		}
	}
}

// An author's text may be anything: the server says what is wrong with it.
func FuzzClassOfATypeChange(f *testing.F) {
	f.Add("Enum8('a' = 1", "Decimal(")
	f.Add("Nullable()", " NULL")
	f.Fuzz(func(_ *testing.T, from, to string) { classifyChange(from, to) })
}
