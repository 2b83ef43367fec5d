// Package nearest proposes the name that somebody meant who mistyped it.
package nearest

// DidYouMean proposes the known name that is nearest to a wrong one, as the end
// of a message; nothing if none is near, or half of the letters would be others.
func DidYouMean(name string, known []string) string {
	best, distance := "", min(len(name)/3+3, len(name))
	for _, candidate := range known {
		if d := Distance(name, candidate); d < distance && 2*d <= max(len(name), len(candidate)) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return `, did you mean "` + best + `"?`
}

// Distance counts the insertions, deletions and replacements of bytes between
// two names.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
