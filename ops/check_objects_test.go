package ops_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// changed is an operation with one thing of it changed.
func changed[T any](value T, change func(*T)) T {
	change(&value)
	return value
}

// TestCheckRefusesViewsDictionariesAndObjects: each with the operation's name and
// what to write instead.
func TestCheckRefusesViewsDictionariesAndObjects(t *testing.T) {
	view := func(change func(*ops.CreateView)) ops.Operation { return changed(plainView(), change) }
	refreshed := func(change func(*ops.Refresh)) ops.Operation {
		return changed(refreshableView(), func(o *ops.CreateMaterializedView) { change(o.Refresh) })
	}
	dictionary := func(change func(*ops.CreateDictionary)) ops.Operation { return changed(countries(), change) }
	source := func(arguments ...ops.Argument) ops.Operation {
		return dictionary(func(o *ops.CreateDictionary) { o.Source.Arguments = arguments })
	}
	function := func(change func(*ops.CreateFunction)) ops.Operation {
		return changed(ops.CreateFunction{Place: atLocal(), Name: "f", Definition: "x -> x"}, change)
	}
	collection := func(pairs ...ops.CollectionPair) ops.Operation {
		return ops.CreateNamedCollection{Place: atLocal(), Name: "c", Pairs: pairs}
	}
	other, granted, plain := plainView(), countries(), countries()
	other.Table.Name = "other"
	replacing := changed(other, func(o *ops.CreateView) { o.OrReplace = true })
	granted.GrantTo = []string{"reader"}
	materialized := refreshableView()
	for _, test := range []struct {
		op   ops.Operation
		want string
	}{
		{view(func(o *ops.CreateView) { o.Query = "\n" }), "set Query"},
		{view(func(o *ops.CreateView) { o.OrReplace, o.IfNotExists = true, true }), "leave one out"},
		{view(func(o *ops.CreateView) { o.Was = &other }), "set OrReplace"},
		{view(func(o *ops.CreateView) { o.OrReplace, o.Was = true, &other }), "another view"},
		{view(func(o *ops.CreateView) { o.Security = &ops.ViewSecurity{Kind: "definer"} }), "unknown SQL SECURITY"},
		{view(func(o *ops.CreateView) { o.Security = &ops.ViewSecurity{Kind: ops.SecurityDefiner} }), "set Security.Definer"},
		{view(func(o *ops.CreateView) { o.Security = &ops.ViewSecurity{Kind: ops.SecurityNone, Definer: "d"} }), "leave Security.Definer out"},
		{changed(materialized, func(o *ops.CreateMaterializedView) { o.Security = &ops.ViewSecurity{Kind: ops.SecurityInvoker} }), "invokes"},
		{refreshed(func(r *ops.Refresh) { *r = ops.Refresh{Append: true} }), "says no time"},
		{refreshed(func(r *ops.Refresh) { r.After = "1 DAY" }), "leave one out"},
		{refreshed(func(r *ops.Refresh) { r.Every = "" }), "Offset"},
		{refreshed(func(r *ops.Refresh) { r.DependsOn = []ops.Table{{}} }), "no table"},
		{ops.ModifyQuery{Table: local("v")}, "set Query"},
		{ops.ModifyQuery{Table: local("v"), Query: "SELECT 1", Was: "SELECT 1"}, "nothing to change"},
		{ops.ModifyQuery{Table: local("v"), Query: "SELECT 1", WasReads: []ops.Table{{Name: "t"}}}, "set Was"},
		{ops.DropView{Table: local("v"), Was: &other}, "another view"},
		{ops.DropView{Table: local("v"), WasMaterialized: &materialized}, "another view"},
		{ops.DropView{Table: other.Table, Was: &other, WasMaterialized: &materialized}, "one kind"},
		{ops.DropView{Table: other.Table, Was: &replacing}, "leave its OrReplace out"},

		{dictionary(func(o *ops.CreateDictionary) { o.Columns = nil }), "no columns"},
		{dictionary(func(o *ops.CreateDictionary) { o.Columns = append(slices.Clone(o.Columns), o.Columns[0]) }), "there twice"},
		{dictionary(func(o *ops.CreateDictionary) { o.PrimaryKey = nil }), "set PrimaryKey"},
		{dictionary(func(o *ops.CreateDictionary) { o.PrimaryKey = []string{"nope"} }), "not among Columns"},
		{dictionary(func(o *ops.CreateDictionary) { o.Source = ops.DictionarySource{} }), "set Source.Kind"},
		{dictionary(func(o *ops.CreateDictionary) { o.Source.Raw = "NULL()" }), "leave Kind and Arguments out"},
		{dictionary(func(o *ops.CreateDictionary) { o.Source.Kind = "NULL()) x" }), "no word"},
		{dictionary(func(o *ops.CreateDictionary) {
			o.Source = ops.DictionarySource{Raw: "MYSQL(USER 'u' password  'hunter2')"}
		}), "{secret:NAME}"},
		{source(ops.Argument{Name: "Password", Value: "hunter2"}), "{secret:NAME}"},
		{source(ops.Argument{Name: "CREDENTIALS", Arguments: []ops.Argument{{Name: "PASSWORD", Value: "{secret:A} "}}}), "{secret:NAME}"},
		{source(ops.Argument{Name: "TABLE 'x' DB", Value: "d"}), "set a word"},
		{source(ops.Argument{Name: "A", Value: "b", Arguments: []ops.Argument{{Name: "B"}}}), "leave one out"},
		{dictionary(func(o *ops.CreateDictionary) { o.Layout = ops.Layout{} }), "no layout"},
		{dictionary(func(o *ops.CreateDictionary) { o.Lifetime = nil }), "needs Lifetime"},
		{dictionary(func(o *ops.CreateDictionary) { o.Lifetime = &ops.Lifetime{Min: 2, Max: 1} }), "set Min"},
		{dictionary(func(o *ops.CreateDictionary) { o.Layout.Kind = "direct" }), "leave Lifetime out"},
		{dictionary(func(o *ops.CreateDictionary) { o.Layout.Kind = "COMPLEX_KEY_RANGE_HASHED" }), "Range"},
		{dictionary(func(o *ops.CreateDictionary) { o.Range = &ops.DictionaryRange{Min: "id", Max: "id"} }), "go together"},
		{dictionary(func(o *ops.CreateDictionary) { o.GrantTo = []string{""} }), "GrantTo"},
		{ops.ReplaceDictionary{Dictionary: granted}, "leave GrantTo out"},
		{ops.ReplaceDictionary{Dictionary: plain, Was: &granted}, "leave GrantTo out"},
		{ops.ReplaceDictionary{Dictionary: changed(plain, func(o *ops.CreateDictionary) { o.IfNotExists = true })}, "leave IfNotExists out"},
		{ops.DropDictionary{Table: local("d"), Was: &plain}, "another dictionary"},
		{ops.ReloadDictionary{Table: local("")}, "no table"},

		{ops.CreateDatabase{Name: "d"}, "no storage set"},
		{ops.CreateDatabase{Place: atLocal()}, "set Name"},
		{ops.CreateDatabase{Place: atLocal(), Name: "d", Engine: "MySQL('h', 'd', 'u', password = 'hunter2')"}, "{secret:NAME}"},
		{ops.DropDatabase{Place: atLocal(), Name: "d", Was: &ops.CreateDatabase{Place: atLocal(), Name: "e"}}, "another database"},
		{function(func(o *ops.CreateFunction) { o.Definition = "" }), "no definition"},
		{function(func(o *ops.CreateFunction) { o.Definition = "x + 1" }), "no lambda"},
		{function(func(o *ops.CreateFunction) { o.Definition, o.Args, o.Body = "", []string{"x", ""}, "x" }), "has no name"},
		{function(func(o *ops.CreateFunction) { o.Body = "x" }), "leave Args and Body out"},
		{function(func(o *ops.CreateFunction) { o.OrReplace, o.IfNotExists = true, true }), "leave one out"},
		{ops.DropFunction{Place: atLocal(), Name: "g", Was: &ops.CreateFunction{Place: atLocal(), Name: "f", Definition: "x -> x"}}, "another function"},
		{collection(), "list at least one"},
		{collection(ops.CollectionPair{Value: "v"}), "set Key"},
		{collection(ops.CollectionPair{Key: "k"}, ops.CollectionPair{Key: "k"}), "there twice"},
		{collection(ops.CollectionPair{Key: "k", Override: "yes"}), "unknown override"},
		{collection(ops.CollectionPair{Key: "kafka_sasl_password", Value: "hunter2"}), "{secret:NAME}"},
	} {
		refused(t, test.op, test.want)
	}
}

func TestCheckRefusesEngines(t *testing.T) {
	s3 := func(change func(*ops.Engine)) ops.Engine {
		return changed(ops.Engine{Kind: ops.S3, URL: "https://bucket/x", Format: "CSV"}, change)
	}
	for _, test := range []struct {
		engine ops.Engine
		want   string
	}{
		{ops.Engine{Kind: ops.MergeEngine}, "needs TableRegexp"},
		{ops.Engine{Kind: ops.MergeEngine, TableRegexp: "x", Database: "a", DatabaseRegexp: "b"}, "leave one out"},
		{ops.Engine{Kind: ops.DictionaryEngine}, "needs Dictionary"},
		{ops.Engine{Kind: ops.KeeperMap, Path: "/x"}, "needs PrimaryKey"},
		{ops.Engine{Kind: ops.KeeperMap, PrimaryKey: "id"}, "needs Path"},
		{ops.Engine{Kind: ops.KeeperMap, Path: "/x", PrimaryKey: "id", KeysLimit: -1}, "KeysLimit"},
		{ops.Engine{Kind: ops.Kafka}, "needs Settings"},
		{ops.Engine{Kind: ops.Kafka, Settings: []ops.Setting{{Name: "kafka_sasl_password", Value: "hunter2"}}}, "{secret:NAME}"},
		{ops.Engine{Kind: ops.Raw, Text: "Kafka SETTINGS kafka_sasl_password = 'hunter2'"}, "{secret:NAME}"},
		{ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t", Policy: "p"}, "set that too"},
		{ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t", OrderBy: "id"}, "does not read OrderBy"},
		{ops.Engine{Kind: ops.Memory, Path: "/x"}, "does not read Path"},
		{ops.Engine{Kind: ops.MergeTree, OrderBy: "id", Collection: "c"}, "does not read Collection"},
		{ops.Engine{Kind: ops.MergeTree, OrderBy: "id", Settings: []ops.Setting{{Value: "1"}}}, "set Name"},
		{ops.Engine{Kind: ops.URL, Format: "CSV"}, "needs URL"},
		{ops.Engine{Kind: ops.URL, URL: "https://x"}, "needs Format"},
		{ops.Engine{Kind: ops.URL, URL: "https://x", Format: "CSV", Credentials: &ops.Credentials{NoSign: true}}, "does not read Credentials"},
		{s3(func(e *ops.Engine) { e.Filename = "x" }), "set Collection"},
		{s3(func(e *ops.Engine) { e.Credentials = &ops.Credentials{AccessKeyID: "a"} }), "need AccessKeyID and SecretAccessKey"},
		{s3(func(e *ops.Engine) { e.Credentials = &ops.Credentials{AccessKeyID: "a", SecretAccessKey: "b"} }), "{secret:NAME}"},
		{s3(func(e *ops.Engine) { e.Credentials = &ops.Credentials{NoSign: true, AccessKeyID: "a"} }), "leave the others out"},
		{s3(func(e *ops.Engine) { e.Collection, e.Credentials = "c", &ops.Credentials{NoSign: true} }), "named collection"},
	} {
		refused(t, create(test.engine), test.want)
	}
}

// TestSharedStoragesAreNotWrittenByEachNode: where the server has the setting, it
// goes along with the statement.
func TestSharedStoragesAreNotWrittenByEachNode(t *testing.T) {
	env := environments()[1].env
	granted := changed(countries(), func(o *ops.CreateDictionary) { o.GrantTo = []string{"reader"} })
	for setting, op := range map[string]ops.Operation{
		"ignore_on_cluster_for_replicated_udf_queries":               ops.DropFunction{Place: atLocal(), Name: "f"},
		"ignore_on_cluster_for_replicated_named_collections_queries": ops.DropNamedCollection{Place: atLocal(), Name: "c"},
		"ignore_on_cluster_for_replicated_access_entities_queries":   granted,
		"allow_experimental_refreshable_materialized_view":           refreshableView(),
		"allow_experimental_alter_materialized_view_structure":       ops.ModifyQuery{Table: local("v"), Query: "SELECT 1"},
	} {
		for _, known := range []bool{false, true} {
			env.Settings = map[string]bool{setting: known}
			statements, err := op.Statements(env)
			if err != nil {
				t.Fatal(err)
			}
			last := statements[len(statements)-1]
			if sent := slices.Contains(last.Settings, ops.Setting{Name: setting, Value: "1"}); sent != known {
				t.Errorf("%s: %s is sent: %t, want %t", ops.Describe(op), setting, sent, known)
			}
		}
	}
}

func refused(t *testing.T, op ops.Operation, want string) {
	t.Helper()
	err := op.Check()
	if err == nil {
		t.Errorf("%s is taken, want an error with %q", ops.Describe(op), want)
		return
	}
	if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), ops.KindOf(op)) {
		t.Errorf("%s: error %q, want one with %q", ops.Describe(op), err, want)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%s: the error shows the secret: %v", ops.Describe(op), err)
	}
}

// TestAReplacementThatNobodyCanSeeHasNoConditions: where the server does not say
// how it would write a definition, the old one looks like the new one.
func TestAReplacementThatNobodyCanSeeHasNoConditions(t *testing.T) {
	seeing := ops.Env{SingleNode: true, Database: "d", Features: map[ops.Feature]bool{}}
	for _, feature := range ops.Features() {
		seeing.Features[feature] = true
	}
	blind := seeing
	blind.Features = maps.Clone(seeing.Features)
	delete(blind.Features, ops.FeatureFormatQuery)
	for _, op := range []ops.Operation{
		ops.CreateView{Table: local("v"), Query: "SELECT 1", OrReplace: true},
		ops.ReplaceDictionary{Dictionary: countries()},
		ops.CreateFunction{Place: atLocal(), Name: "f", Definition: "x -> x", OrReplace: true},
	} {
		for env, conditions := range map[*ops.Env]bool{&seeing: true, &blind: false} {
			statements, err := op.Statements(*env)
			if err != nil {
				t.Fatal(err)
			}
			if got := statements[0]; len(got.After) > 0 != conditions || got.Traits.Repeatable == conditions {
				t.Errorf("%s: conditions %v, repeatable %v", ops.KindOf(op), got.After, got.Traits.Repeatable)
			}
		}
	}
}

// A clause that came later than its statement is asked for by itself.
func TestClausesThatCameLaterAreAskedFor(t *testing.T) {
	env := ops.Env{SingleNode: true, Database: "d", Features: map[ops.Feature]bool{
		ops.FeatureNamedCollections: true, ops.FeatureDictionaries: true, ops.FeatureTableComment: true,
	}}
	commented := countries()
	commented.Comment, commented.GrantTo = "c", nil
	for want, op := range map[ops.Feature]ops.Operation{
		ops.FeatureOverridable: ops.CreateNamedCollection{
			Place: atLocal(), Name: "c", Pairs: []ops.CollectionPair{{Key: "a", Value: "1", Override: ops.Overridable}},
		},
		ops.FeatureDictionaryComment: commented,
	} {
		_, err := op.Statements(env)
		var lacking *ops.UnsupportedError
		if !errors.As(err, &lacking) || lacking.Feature != want {
			t.Errorf("%s: %v, want it to need %s", ops.KindOf(op), err, want)
		}
	}
}
