package coordinator

import (
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
)

// refused lists the nodes on which a statement surely did nothing: the server
// said no, or was never asked. The error of a Go function has no code, and says
// nothing of what it did before.
func refused(hosts []journal.HostOutcome) []string {
	return nodesWith(hosts, func(host journal.HostOutcome) bool {
		return host.Outcome == journal.Failed && (host.Code != 0 || strings.HasPrefix(host.Error, "not sent"))
	})
}

// worked lists the nodes that answered with success.
func worked(hosts []journal.HostOutcome) []string {
	return nodesWith(hosts, func(host journal.HostOutcome) bool { return host.Outcome == journal.Done })
}

// unsure lists the nodes on which a statement may have happened.
func unsure(hosts []journal.HostOutcome) []string {
	known := slices.Concat(refused(hosts), worked(hosts))
	return nodesWith(hosts, func(host journal.HostOutcome) bool {
		return host.Outcome != journal.Skipped && !slices.Contains(known, host.Node)
	})
}

func nodesWith(hosts []journal.HostOutcome, wanted func(journal.HostOutcome) bool) []string {
	var out []string
	for _, host := range hosts {
		if wanted(host) {
			out = append(out, host.Node)
		}
	}
	return out
}
