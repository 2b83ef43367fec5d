package ops

import (
	"errors"
	"strings"
)

// Refresh makes a materialized view run its whole query at times, instead of on
// each insert. Intervals are ClickHouse's own text, such as "1 HOUR" or
// "1 DAY 2 HOUR". One of Every, After and DependsOn is set.
//
// Every node refreshes for itself. Without Append a refresh replaces all rows of
// the table that it writes to, which a Replicated table cannot have; with it, each
// replica appends the same rows, so write into an engine that merges them.
type Refresh struct {
	Every     string `json:"every,omitempty" yaml:"every,omitempty"`         // at full multiples of it
	Offset    string `json:"offset,omitempty" yaml:"offset,omitempty"`       // later than Every by it
	After     string `json:"after,omitempty" yaml:"after,omitempty"`         // since the last one
	Randomize string `json:"randomize,omitempty" yaml:"randomize,omitempty"` // spread over such a time
	// DependsOn are refreshable views that come first. Those that name no place
	// are at the view's.
	DependsOn []Table   `json:"depends_on,omitempty" yaml:"depends_on,omitempty"`
	Settings  []Setting `json:"settings,omitempty" yaml:"settings,omitempty"` // refresh_retries and the like
	Append    bool      `json:"append,omitempty" yaml:"append,omitempty"`
}

// dependsOn are the views that come first, with their place; none without Refresh.
func (r *Refresh) dependsOn(place Place) []Table {
	if r == nil {
		return nil
	}
	return placed(r.DependsOn, place)
}

func (r *Refresh) check(place Place) error {
	if r == nil {
		return nil
	}
	blank := func(text string) bool { return strings.TrimSpace(text) == "" }
	switch {
	case blank(r.Every) && blank(r.After) && len(r.DependsOn) == 0:
		return errors.New("Refresh says no time: set Every or After to an interval such as \"1 HOUR\", or DependsOn")
	case !blank(r.Every) && !blank(r.After):
		return errors.New("Refresh has Every and After: leave one out")
	case !blank(r.Offset) && blank(r.Every):
		return errors.New("Offset is counted from Every: set that, or leave Offset out")
	}
	return errors.Join(checkPlaceAndTables(place, r.dependsOn(place)), checkClauseSettings(r.Settings))
}

// sql renders the clause, in the only order that 26.7 takes.
func (r *Refresh) sql(place Place, env Env) string {
	if r == nil {
		return ""
	}
	clause := "REFRESH"
	add := func(keyword, text string) {
		if text != "" {
			clause += " " + keyword + " " + text
		}
	}
	add("EVERY", r.Every)
	add("OFFSET", r.Offset)
	add("AFTER", r.After)
	add("RANDOMIZE FOR", r.Randomize)
	var views []string
	for _, view := range filled(r.DependsOn, place, env) {
		views = append(views, view.SQL())
	}
	add("DEPENDS ON", strings.Join(views, ", "))
	add("SETTINGS", assignments(r.Settings))
	if r.Append {
		clause += " APPEND"
	}
	return clause
}
