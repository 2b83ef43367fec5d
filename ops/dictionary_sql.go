package ops

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (a Attribute) sql() string {
	sql := Ident(a.Name) + " " + a.Type
	if a.Default != "" {
		sql += " DEFAULT " + a.Default
	}
	if a.Expression != "" {
		sql += " EXPRESSION " + a.Expression
	}
	for _, flag := range []struct {
		set  bool
		word string
	}{{a.Hierarchical, "HIERARCHICAL"}, {a.Injective, "INJECTIVE"}, {a.ObjectID, "IS_OBJECT_ID"}} {
		if flag.set {
			sql += " " + flag.word
		}
	}
	return sql
}

// checkAttributes checks each of them, and that the names beside are among them.
func checkAttributes(attributes []Attribute, named ...string) error {
	if len(attributes) == 0 {
		return errors.New("no columns: list at least one in Columns")
	}
	seen := map[string]bool{}
	for _, attribute := range attributes {
		name := shown(attribute.Name)
		switch {
		case name == "":
			return errors.New("a column has no name: set Name")
		case attribute.Type == "":
			return fmt.Errorf("column %s has no type: set Type, such as \"UInt64\"", name)
		case seen[attribute.Name]:
			return fmt.Errorf("column %s is there twice: drop or rename one", name)
		}
		seen[attribute.Name] = true
	}
	for _, name := range named {
		if !seen[name] {
			return fmt.Errorf("%q is not among Columns: add it", name)
		}
	}
	return nil
}

func (s DictionarySource) sql(database string) string {
	if s.Raw != "" {
		return inDatabase(strings.TrimSpace(s.Raw), database)
	}
	return string(s.Kind) + "(" + arguments(s.Arguments, database) + ")"
}

func (s DictionarySource) check() error {
	switch {
	case s.Raw == "" && s.Kind == "":
		return errors.New("no source: set Source.Kind, such as CLICKHOUSE, with Arguments, or Source.Raw")
	case s.Raw != "" && (s.Kind != "" || len(s.Arguments) > 0):
		return errors.New("Source.Raw is all of a source: leave Kind and Arguments out")
	case s.Raw != "":
		return checkSecretsIn(s.Raw)
	case !word(string(s.Kind)):
		return fmt.Errorf("Source.Kind %q is no word: set one such as CLICKHOUSE, or Source.Raw", s.Kind)
	}
	return checkArguments(s.Arguments)
}

func (l Layout) sql() string { return l.Kind + "(" + arguments(l.Parameters, "") + ")" }

// is says that the layout is of a kind, with a key of one column or of several.
func (l Layout) is(kind string) bool {
	return strings.TrimPrefix(strings.ToUpper(l.Kind), "COMPLEX_KEY_") == kind
}

func (l Layout) check() error {
	if !word(l.Kind) {
		return fmt.Errorf("no layout: Layout.Kind is %q, set a word such as HASHED", l.Kind)
	}
	return checkArguments(l.Parameters)
}

// arguments renders keys and values as SOURCE and LAYOUT take them.
func arguments(list []Argument, database string) string {
	texts := make([]string, len(list))
	for i, argument := range list {
		if len(argument.Arguments) > 0 {
			texts[i] = argument.Name + "(" + arguments(argument.Arguments, database) + ")"
		} else {
			texts[i] = argument.Name + " " + settingValue(inDatabase(argument.Value, database))
		}
	}
	return strings.Join(texts, " ")
}

func checkArguments(list []Argument) error {
	for _, argument := range list {
		switch {
		case !word(argument.Name):
			return fmt.Errorf("the name of an argument is %q: set a word such as TABLE", argument.Name)
		case argument.Value != "" && len(argument.Arguments) > 0:
			return fmt.Errorf("%s has a value and arguments: leave one out", argument.Name)
		}
		if namesSecret(argument.Name) {
			if err := checkSecret(argument.Name, argument.Value); err != nil {
				return err
			}
		}
		if err := checkArguments(argument.Arguments); err != nil {
			return err
		}
	}
	return nil
}

// word says that a text can stand where the grammar has a bare word.
func word(text string) bool { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(text) }

func (o CreateDictionary) checkLayout() error {
	if err := o.Layout.check(); err != nil {
		return err
	}
	l := o.Lifetime
	switch {
	case l == nil && !o.Layout.is("DIRECT"):
		return fmt.Errorf("a %s layout needs Lifetime: {Min: 300, Max: 600}, or {} to reload on demand alone", o.Layout.Kind)
	case l != nil && o.Layout.is("DIRECT"):
		return errors.New("a DIRECT layout keeps nothing: leave Lifetime out")
	case l != nil && (l.Min < 0 || l.Max < l.Min):
		return fmt.Errorf("Lifetime from %d to %d: set Min to 0 or more and Max to no less", l.Min, l.Max)
	case (o.Range == nil) == o.Layout.is("RANGE_HASHED"):
		return errors.New("Range and a RANGE_HASHED layout go together: set both or none")
	case o.Range != nil && (o.Range.Min == "" || o.Range.Max == ""):
		return errors.New("Range needs two attributes: set Min and Max")
	}
	return nil
}

// body is all that follows the name, in the order in which servers give it back.
func (o CreateDictionary) body(database string) string {
	lines := make([]string, len(o.Columns))
	for i, column := range o.Columns {
		lines[i] = "    " + column.sql()
	}
	clause := func(set bool, text string) string {
		if !set {
			return ""
		}
		return text
	}
	var lifetime Lifetime
	if o.Lifetime != nil {
		lifetime = *o.Lifetime
	}
	var between DictionaryRange
	if o.Range != nil {
		between = *o.Range
	}
	return clauseLines(
		"(\n"+strings.Join(lines, ",\n")+"\n)",
		"PRIMARY KEY "+identifiers(o.PrimaryKey),
		"SOURCE("+o.Source.sql(database)+")",
		clause(o.Lifetime != nil, fmt.Sprintf("LIFETIME(MIN %d MAX %d)", lifetime.Min, lifetime.Max)),
		"LAYOUT("+o.Layout.sql()+")",
		clause(o.Range != nil, "RANGE(MIN "+Ident(between.Min)+" MAX "+Ident(between.Max)+")"),
		clause(len(o.Settings) > 0, "SETTINGS("+assignments(o.Settings)+")"),
		clause(o.Comment != "", "COMMENT "+String(o.Comment)),
	)
}

// statement renders CREATE, or CREATE OR REPLACE.
func (o CreateDictionary) statement(env Env, replace bool) Statement {
	t, verb := o.Table.in(env), "CREATE "+orReplace(replace)+"DICTIONARY "
	head, tail := verb+ifNotExists(o.IfNotExists)+t.SQL(), o.body(t.Database)
	return Statement{
		Head:    head,
		Tail:    tail,
		Place:   t.Place,
		Reads:   filled(o.Reads, t.Place, env),
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{DictionaryIs{Table: t, Create: head + " " + tail}},
		Summary: verb + shown(t.Name),
		Creates: &Created{Table: t, Engine: "Dictionary"},
	}
}

// grants renders what lets users and roles read the dictionary, one statement
// each: GRANT, or REVOKE. ON CLUSTER stands right behind the verb.
func (o CreateDictionary) grants(env Env, revoke bool) []Statement {
	t := o.Table.in(env)
	privileges := []string{"SELECT", "dictGet"}
	verb, to := "GRANT", "TO"
	if revoke {
		verb, to = "REVOKE", "FROM"
	}
	statements := make([]Statement, len(o.GrantTo))
	for i, grantee := range o.GrantTo {
		what := strings.Join(privileges, ", ") + " ON "
		statements[i] = inStorage(Statement{
			Head:    verb,
			Tail:    what + t.SQL() + " " + to + " " + Ident(grantee),
			Place:   t.Place,
			Reads:   []Table{t},
			Scope:   EveryNode,
			Summary: verb + " " + what + shown(t.Name) + " " + to + " " + shown(grantee),
		}, StorageAccess, env)
		for _, privilege := range privileges {
			grant := Granted{Grantee: grantee, Privilege: privilege, Database: t.Database, Table: t.Name}
			if revoke {
				statements[i].After = append(statements[i].After, GrantGone{Grant: grant})
			} else {
				statements[i].After = append(statements[i].After, GrantIs{Grant: grant})
			}
		}
	}
	return statements
}

// supported refuses what the nodes lack.
func (o CreateDictionary) supported(op Operation, env Env) error {
	return errors.Join(
		need(env, op, FeatureDictionaries, true),
		need(env, op, FeatureDictionaryComment, o.Comment != ""),
		need(env, op, FeatureAccess, len(o.GrantTo) > 0),
	)
}

// names are the attributes that other fields name.
func (o CreateDictionary) names() []string {
	names := slices.Clone(o.PrimaryKey)
	if o.Range != nil {
		names = append(names, o.Range.Min, o.Range.Max)
	}
	return names
}
