package ops

// behindRows is where something stands behind the semicolon that ends the rows of an
// INSERT … VALUES; -1 where nothing does. A server's parser takes all behind VALUES for
// rows and does not read it; when it runs them it stops at the semicolon, and what
// follows, be it a DROP TABLE, is passed over without a word (26.7, seen). No row has a
// semicolon outside of quotes.
func behindRows(w words) int {
	if !w.starts("INSERT") {
		return -1
	}
	_, rest := w[1:].skip("INTO", "TABLE").name()
	depth, rows, ended := 0, false, false
	for i, p := range rest {
		switch {
		case ended && p.text != ";":
			return p.at()
		case rows:
			ended = ended || p.kind == pieceOther && p.text == ";"
		case p.text == "(":
			depth++
		case p.text == ")":
			depth--
		case depth > 0:
		case p.is("VALUES"), rest[i:].starts("FORMAT VALUES"):
			rows = true
		case p.is("SELECT"), p.is("WITH"), p.is("FORMAT"), p.is("FROM"):
			return -1 // the parser reads a query; rows of other formats are what they are
		}
	}
	return -1
}

const twoStatements = "this stands behind the ; that ends the rows, where servers pass over it without a word: " +
	"put it into %s of its own, or, if it is a row, a comma for the ;"
