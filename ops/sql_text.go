package ops

import (
	"errors"
	"strings"
)

// checkPartitionText refuses a text that is more than one partition: what follows
// it in the statement would mean something else than it says.
func checkPartitionText(partition string) error {
	text := strings.TrimSpace(partition)
	for _, mark := range []string{"--", "/*", "#", ";"} {
		if at := strings.Index(unquoted(text), mark); at >= 0 {
			return errors.New("Partition has " + mark + ": write one partition and nothing else")
		}
	}
	depth := 0
	for _, r := range unquoted(text) {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				return errors.New("Partition has a comma outside of brackets: write one partition; a tuple is in brackets")
			}
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 || strings.ContainsAny(unquoted(text), "'`\"") {
		return errors.New("Partition has a bracket or a quote that is not closed")
	}
	for _, word := range strings.Fields(strings.ToUpper(unquoted(text))) {
		if word == "WHERE" {
			return errors.New("Partition has WHERE: that is a field of its own")
		}
	}
	return nil
}

// unquoted blanks what stands in quotes. A quote that is not closed stays.
func unquoted(text string) string {
	out := []byte(text)
	for i := 0; i < len(out); i++ {
		if !strings.ContainsRune("'`\"", rune(out[i])) {
			continue
		}
		quote, end := out[i], -1
		for j := i + 1; j < len(out) && end < 0; j++ {
			switch out[j] {
			case '\\':
				j++
			case quote:
				end = j
			}
		}
		if end < 0 {
			return string(out)
		}
		for j := i; j <= end; j++ {
			out[j] = ' '
		}
		i = end
	}
	return string(out)
}
