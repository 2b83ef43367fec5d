package nearest

import "testing"

func TestDidYouMean(t *testing.T) {
	known := []string{"events", "orders", "system", "jobs", "retries"}
	for name, want := range map[string]string{
		"evnts":   `, did you mean "events"?`,
		"event":   `, did you mean "events"?`,
		"oders":   `, did you mean "orders"?`,
		"retry":   `, did you mean "retries"?`,
		"bogus":   "",
		"billing": "",
		"x":       "",
		"":        "",
	} {
		if have := DidYouMean(name, known); have != want {
			t.Errorf("DidYouMean(%q) = %q, want %q", name, have, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"batsh", "batch", 1}, {"ab", "ba", 2}, {"kitten", "sitting", 3}} {
		if have := Distance(test.a, test.b); have != test.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", test.a, test.b, have, test.want)
		}
	}
}
