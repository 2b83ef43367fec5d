package watch

import "strings"

// subject is what a statement is about, as far as its first words tell: servers
// write a statement of the queue in their own way, so that texts do not compare.
type subject struct{ kind, name string }

// subjectOf reads "CREATE TABLE IF NOT EXISTS `db`.`t` ON CLUSTER c …".
func subjectOf(statement string) subject {
	words := strings.Fields(strings.NewReplacer("`", "", `"`, "", "'", "", "(", " ").Replace(statement))
	if len(words) < 3 {
		return subject{}
	}
	at := 2
	verb, noun := strings.ToUpper(words[0]), strings.ToUpper(words[1])
	for at < len(words)-1 && isNoise(words[at]) {
		at++
	}
	name := words[at]
	if dot := strings.LastIndex(name, "."); dot >= 0 {
		name = name[dot+1:]
	}
	return subject{kind: verb + " " + noun, name: strings.TrimRight(name, ";,")}
}

func isNoise(word string) bool {
	switch strings.ToUpper(word) {
	case "IF", "NOT", "EXISTS", "VIEW": // MATERIALIZED VIEW
		return true
	}
	return false
}

// mutates says whether a statement is a mutation of its table.
func mutates(statement string) bool {
	words := strings.Fields(strings.ToUpper(statement))
	if len(words) < 4 || words[0] != "ALTER" {
		return false
	}
	for _, word := range words[3:] {
		switch word {
		case "UPDATE", "DELETE", "MATERIALIZE":
			return true
		}
	}
	return false
}
