package cluster

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// displaced is the folder that the data of a table are in, if it is not the one that has
// the table's name; "": it is, or nothing is known. 18.16 renames the folder of a
// Replicated table, tells ZooKeeper, and then renames the table: if its session is over by
// then, the folder alone has the new name, RENAME answers 84 from then on, and after a
// restart the table is empty (seen).
func displaced(table, dataPath string) string {
	folder := path.Base(dataPath)
	if dataPath == "" || folder == escaped(table) {
		return ""
	}
	if name, err := url.PathUnescape(folder); err == nil {
		return name
	}
	return folder
}

// putBack gives a displaced table another name and its own again, with which its folder gets
// the right one. Without a session with ZooKeeper it would only move the folder once more.
func putBack(database, table, folder string) string {
	aside := table + "_aside"
	if folder == aside {
		aside = table + "_aside_2"
	}
	from, to := ops.Table{Database: database, Name: table}.SQL(), ops.Table{Database: database, Name: aside}.SQL()
	return "RENAME TABLE " + from + " TO " + to + ", " + to + " TO " + from
}

// escaped is a name as servers write it in names of files and znodes: of ASCII, letters,
// digits and underscores; anything else as %XX.
func escaped(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c == '_', '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
