package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/docs/schema"
	jsonlines "github.com/skein-migrate/skein/events"
)

// TestTheSchemaOfEventsIsThatOfTheTypes holds that docs/schema is what the types of
// package journal and their documentation make of it.
func TestTheSchemaOfEventsIsThatOfTheTypes(t *testing.T) {
	docs := documentedTypes(t, "../journal")
	want, err := jsonlines.Schema(func(name string) string { return docs[name] })
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("..", "docs", "schema", "events.schema.json")
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(have)); diff != "" {
		t.Errorf("%s is stale, run `make golden` (-want +have):\n%s", name, diff)
	}
}

// The page names every event, and its example lines are such as the schema takes.
func TestThePageOfEvents(t *testing.T) {
	page, err := os.ReadFile("../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range jsonlines.Kinds() {
		if !bytes.Contains(page, []byte("`"+jsonlines.Name(kind)+"`")) {
			t.Errorf("docs/observability.md does not name %s", jsonlines.Name(kind))
		}
	}
	compiled := compileSchema(t, schema.Events())
	lines := regexp.MustCompile(`(?m)^\{"at":.*\}$`).FindAll(page, -1)
	if len(lines) < 3 {
		t.Errorf("%d example lines in docs/observability.md", len(lines))
	}
	for _, line := range lines {
		var document any
		if err := json.Unmarshal(line, &document); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := compiled.Validate(document); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
	}
}
