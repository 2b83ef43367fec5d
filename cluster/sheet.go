package cluster

import (
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/ops"
)

// sheet is what is compared of a table between nodes, from what one of them says
// of it. It is pure.
func sheet(state tableState) compare.Table {
	create := withoutIDs(state.createQuery)
	d := takeApart(create)
	engine, replica := replicaOf(engineOf(state.engine, d.clauses["ENGINE ="]))
	t := compare.Table{
		Engine: state.engine, Replica: replica, Meets: state.path, UUID: state.uuid,
		Parts: map[compare.Part]compare.Value{
			{Kind: compare.KindEngine}: {Key: loosely(engine), Text: shownEngine(engine)},
		},
	}
	put := func(kind compare.Kind, name, text string) {
		if text != "" {
			t.Parts[compare.Part{Kind: kind, Name: name}] = compare.Value{Key: loosely(text), Text: withoutPasswords(text)}
		}
	}
	for _, column := range state.columns {
		t.Columns = append(t.Columns, column.name)
		put(compare.KindColumn, column.name, columnText(column, d.columns[column.name]))
	}
	for key, text := range d.parts {
		if key.kind != ops.PartComment {
			put(compare.Kind(key.kind), key.name, text)
		}
	}
	// A server may hide the comment in the text.
	if comment := max(state.comment, d.parts[partKey{ops.PartComment, ""}]); comment != "" {
		t.Parts[compare.Part{Kind: "COMMENT"}] = compare.Text(comment)
	}
	for _, clause := range []string{"REFRESH", "TO", "PARTITION BY", "PRIMARY KEY"} {
		if state.engine != "Dictionary" {
			put(compare.Kind(clause), "", d.clauses[clause])
		}
	}
	if query := d.clauses["AS"]; query != "" {
		t.Parts[compare.Part{Kind: "query"}] = compare.Value{Key: loosely(query), Text: shownQuery(query)}
	}
	put("definition", "", rest(create, state.engine))
	return t
}

// engineOf is the engine with its arguments; of a view that stores rows, also the
// engine of its inner table.
func engineOf(engine, clause string) string {
	if strings.HasPrefix(clause, engine) {
		return clause
	}
	return strings.TrimSpace(engine + " " + clause)
}

// replicaOf takes the path and the replica's name out of a Replicated engine.
func replicaOf(engine string) (string, *compare.Replica) {
	open, end := firstList(engine)
	if !strings.HasPrefix(engine, "Replicated") || open < 0 {
		return engine, nil
	}
	arguments := splitTop(engine[open+1:end], ',')
	if len(arguments) < 2 || arguments[0] == "" || arguments[0][0] != '\'' || arguments[1] == "" || arguments[1][0] != '\'' {
		return engine, nil
	}
	replica := &compare.Replica{Path: unquote(arguments[0]), Name: unquote(arguments[1])}
	list := ""
	if len(arguments) > 2 {
		list = "(" + strings.Join(arguments[2:], ", ") + ")"
	}
	return engine[:open] + list + engine[end+1:], replica
}

// columnText is a column as system.columns has it, with what only the table's
// definition says.
func columnText(column columnState, definition string) string {
	parts := []string{column.typ, column.kind, column.expression}
	add := func(keyword, text string) {
		if text != "" {
			parts = append(parts, keyword+text)
		}
	}
	if column.comment != "" {
		add("COMMENT ", ops.String(column.comment))
	}
	if codec := bareCodec(column.codec); codec != "" {
		add("CODEC", "("+codec+")")
	}
	add("TTL ", column.ttl)
	for _, keyword := range []string{"STATISTICS", "SETTINGS"} {
		if from := startOf(definition, keyword); from < len(definition) {
			text := definition[from+len(keyword):]
			open, end := firstList(text)
			add(keyword+" ", text[max(open, 0):end+1])
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " ")
}

// rest is what stands in a definition between the name and the first clause, such
// as DEFINER; of a dictionary all that is no column.
func rest(create, engine string) string {
	if open, end := firstList(create); open >= 0 && end < min(startOf(create, "AS"), startOf(create, "ENGINE")) {
		create = create[:open] + " " + create[end+1:]
	}
	words := strings.SplitN(strings.TrimPrefix(create, "CREATE MATERIALIZED "), " ", 2)
	if len(words) == 2 && words[0] == "CREATE" {
		words = strings.SplitN(words[1], " ", 2)
	}
	if len(words) < 2 {
		return ""
	}
	text := afterName(words[1])
	if engine == "Dictionary" {
		return text
	}
	end := len(text)
	for _, keyword := range clauseWords() {
		end = min(end, startOf(text, keyword))
	}
	return strings.TrimSpace(text[:end])
}

// afterName drops a name, quoted or not, with or without its database.
func afterName(text string) string {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '`', '"':
			i = closing(text, i)
		case ' ':
			return strings.TrimSpace(text[i:])
		}
	}
	return ""
}

// loosely drops spaces and the quotes of names, which servers write where they
// like; what a literal says stays.
func loosely(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ' ', '\n', '`':
		case '\'':
			end := min(closing(text, i)+1, len(text))
			out.WriteString(text[i:end])
			i = end - 1
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// shownEngine leaves out the arguments of engines that may have a password among
// them: old servers do not hide it.
func shownEngine(engine string) string {
	name, _, _ := strings.Cut(engine, "(")
	name = strings.TrimSpace(name)
	plain := []string{"Distributed", "Buffer", "Merge", "Join", "Set", "Null", "Memory", "Log", "TinyLog", "StripeLog", "EmbeddedRocksDB", "KeeperMap"}
	if strings.HasSuffix(name, "MergeTree") || slices.Contains(plain, name) || name == engine {
		return engine
	}
	return name + "(…)"
}

var (
	userinfo      = regexp.MustCompile(`://[^/\s'@]*@`)
	literals      = regexp.MustCompile(`'(?:[^'\\]|\\.)*'`)
	takesPassword = regexp.MustCompile(`(?i)\b(remote|remoteSecure|mysql|postgresql|mongodb|redis|jdbc|odbc|url\w*|s3\w*|gcs|azureBlobStorage\w*|hdfs\w*|deltaLake\w*|iceberg\w*|hudi\w*)\s*\(`)
)

// withoutPasswords hides what is named a password, in a URL too.
func withoutPasswords(text string) string {
	return userinfo.ReplaceAllString(masked(text), "://[HIDDEN]@")
}

// shownQuery hides all that is quoted in a query which calls a function that may
// be given a password.
func shownQuery(query string) string {
	if takesPassword.MatchString(query) {
		query = literals.ReplaceAllString(query, "'…'")
	}
	return withoutPasswords(query)
}
