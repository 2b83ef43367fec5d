package cluster

import (
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// A feature without a version would be refused on every server.
func TestEveryFeatureHasAVersion(t *testing.T) {
	since := Since()
	for _, feature := range ops.Features() {
		if since[feature] == (ops.Version{}) {
			t.Errorf("%s has no version", feature)
		}
		delete(since, feature)
	}
	for feature := range since {
		t.Errorf("%s is not among ops.Features", feature)
	}
}
