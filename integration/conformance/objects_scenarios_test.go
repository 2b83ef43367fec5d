package conformance

import "github.com/skein-migrate/skein/ops"

// Names begin with "conformance", by which what is left over is found.
func objectScenarios() []scenario {
	all := databaseScenarios()
	all = append(all, functionScenarios()...)
	return append(all, collectionScenarios()...)
}

func databaseScenarios() []scenario {
	plain := ops.CreateDatabase{Place: atLocal(), Name: "conformance archive"}
	atomic := ops.CreateDatabase{Place: atLocal(), Name: "conformance", Engine: "Atomic", Comment: "it's ours"}
	memory := ops.CreateDatabase{Place: atLocal(), Name: "conformance", Engine: "Memory", IfNotExists: true}
	onDist := ops.CreateDatabase{Place: atDist(), Name: "conformance"}
	drop := ops.DropDatabase{Place: atLocal(), Name: "conformance"}
	was := drop
	was.Was = &memory
	full := drop
	full.IfExists = true
	inside := table("inside")
	inside.Table.Database = "conformance"
	inside.Engine = ops.Engine{Kind: ops.Memory}
	return []scenario{
		{op: plain},
		{name: "with an engine and a comment", op: atomic, modernOnly: true},
		{name: "IF NOT EXISTS", op: memory},
		{name: "on the query nodes", op: onDist},
		{name: "with Was", op: was, given: []ops.Operation{memory}},
		{name: "IF EXISTS, with a table in it", op: full, given: []ops.Operation{memory, inside}},
	}
}

func functionScenarios() []scenario {
	linear := ops.CreateFunction{Place: atLocal(), Name: "conformance_linear", Args: []string{"x", "a slope"}, Body: "x*`a slope` || 'it''s'"}
	lambda := ops.CreateFunction{Place: atLocal(), Name: "conformance_linear", Definition: "(x) -> x + 1", IfNotExists: true}
	none := ops.CreateFunction{Place: atDist(), Name: "conformance_none", Body: "42"}
	replacing := ops.CreateFunction{
		Place: atLocal(), Name: "conformance_linear", Definition: "(x, y) -> x in (select id from {db}.t) and y::UInt8 between 1 and 2",
		OrReplace: true, Was: &linear,
	}
	unknown := replacing
	unknown.Was = nil
	given, byHand := []ops.Operation{linear}, []string{"CREATE OR REPLACE FUNCTION conformance_linear AS x -> x + 9"}
	drop := ops.DropFunction{Place: atLocal(), Name: "conformance_linear", Was: &linear}
	maybe := ops.DropFunction{Place: atLocal(), Name: "conformance_linear", IfExists: true}
	return []scenario{
		{op: linear, effect: "SELECT conformance_linear(2, 3)", want: "6it's"},
		{name: "of a lambda, IF NOT EXISTS", op: lambda, effect: "SELECT conformance_linear(2)", want: "3"},
		{name: "without arguments, on the query nodes", op: none},
		{name: "OR REPLACE", op: replacing, given: given, breaks: byHand, effect: "SELECT conformance_linear(toUInt64(2), 1)", want: "1"},
		{name: "OR REPLACE without Was", op: unknown, given: given, breaks: byHand},
		{op: drop, given: given},
		{name: "IF EXISTS", op: maybe, given: given},
	}
}

func collectionScenarios() []scenario {
	plain := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance_nc", Pairs: []ops.CollectionPair{
		{Key: "url", Value: "http://127.0.0.1:1/it's", Override: ops.NotOverridable},
		{Key: "access_key_id", Value: "AKIA", Override: ops.Overridable},
		{Key: "secret_access_key", Value: "{secret:WORD}"},
	}}
	once := ops.CreateNamedCollection{
		Place: atLocal(), Name: "conformance nc", Pairs: []ops.CollectionPair{{Key: "a b", Value: "1"}}, IfNotExists: true,
	}
	given := []ops.Operation{plain}
	return []scenario{
		{name: "with a secret", op: plain},
		{name: "IF NOT EXISTS", op: once},
		{op: ops.DropNamedCollection{Place: atLocal(), Name: plain.Name, Was: &plain}, given: given},
		{name: "IF EXISTS", op: ops.DropNamedCollection{Place: atLocal(), Name: plain.Name, IfExists: true}, given: given},
	}
}
