// Package doctor judges what is found on servers: each check says what is wrong,
// how much it matters, and what to do about it. It is pure: facts in, findings
// out. Package cluster reads the nodes, the coordinator gathers the rest.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Severity says how much a finding matters.
type Severity string

// The severities, worst first. An Error stops what it concerns; Skipped says that
// nothing could be judged.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	OK      Severity = "ok"
	Skipped Severity = "skipped"
)

// Severities lists them, worst first.
func Severities() []Severity { return []Severity{Error, Warning, OK, Skipped} }

// Finding is what a check has to say of one thing.
type Finding struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Cluster  string   `json:"cluster,omitempty"` // the configured name
	Node     string   `json:"node,omitempty"`
	Found    string   `json:"found"`
	Do       string   `json:"do,omitempty"` // what to do about it
}

// Check is one thing to look at.
type Check struct {
	Name  string
	Worst Severity // that it can find
	// Looks says what it looks at, Do what is done about what it finds.
	Looks, Do string
	// Before says that changes are checked for it too, and how.
	Before string
	// Proof names the test that breaks a real server in that way, or says why none
	// can be broken so.
	Proof string

	needs Part
	judge func(Facts, Limits) verdict
}

// verdict is what is wrong; where nothing is, how fine it is, or why it cannot be
// judged.
type verdict struct {
	findings []Finding
	fine     string
	skipped  string
}

func (v *verdict) add(severity Severity, cluster, node, found, do string) {
	v.findings = append(v.findings, Finding{Severity: severity, Cluster: cluster, Node: node, Found: found, Do: do})
}

// Limits are what is still taken to be healthy.
type Limits struct {
	Lag     time.Duration // age of what waits: replication, DDL, mutations; 10 min when 0
	Queue   int           // entries that wait in a queue; 100 when 0
	Skew    time.Duration // between two nodes' clocks; 5 s when 0
	Latency time.Duration // of one question to ZooKeeper or Keeper; 1 s when 0
	Free    uint64        // bytes that have to stay free on a node's disks
}

// WithDefaults fills in what is 0.
func (l Limits) WithDefaults() Limits {
	l.Lag = cmp.Or(l.Lag, 10*time.Minute)
	l.Queue = cmp.Or(l.Queue, 100)
	l.Skew = cmp.Or(l.Skew, 5*time.Second)
	l.Latency = cmp.Or(l.Latency, time.Second)
	return l
}

// Needs are the parts of the facts that checks look at.
func Needs(checks []Check) Part {
	var all Part
	for _, check := range checks {
		all |= check.needs
	}
	return all
}

// Judge runs checks over facts. The findings are in the order of severity, then of
// the checks. A check that finds nothing wrong has one finding, OK or Skipped.
func Judge(checks []Check, facts Facts, limits Limits) []Finding {
	limits = limits.WithDefaults()
	out := []Finding{}
	for _, check := range checks {
		v := check.judge(facts, limits)
		switch {
		case len(v.findings) > 0:
		case v.skipped != "":
			v.add(Skipped, "", "", v.skipped, "")
		default:
			v.add(OK, "", "", v.fine, "")
		}
		for _, finding := range v.findings {
			finding.Check = check.Name
			out = append(out, finding)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Compare(slices.Index(Severities(), a.Severity), slices.Index(Severities(), b.Severity))
	})
	return out
}

// Count says how many findings have a severity.
func Count(findings []Finding, severity Severity) int {
	n := 0
	for _, finding := range findings {
		if finding.Severity == severity {
			n++
		}
	}
	return n
}

// Words are a finding on one line, without its check: "dev: ch-2:9000: …".
func (f Finding) Words() string {
	found := strings.ReplaceAll(f.Found, "\n", " ")
	for _, name := range []string{f.Node, f.Cluster} {
		if name != "" {
			found = name + ": " + found
		}
	}
	return found
}

func nodes(n int) string { return count(n, "node", "nodes") }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func list(names []string) string { return strings.Join(names, ", ") }
