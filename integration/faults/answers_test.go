package faults

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testproxy"
)

// answer is what a statement gets instead of the server's answer.
type answer struct {
	name string
	// done says that the server did the statement before, or else that it never got it.
	done bool
	testproxy.Meddling
	// says is in skein's message where it stops.
	says string
	// alone says that skein goes on by itself.
	alone bool
	// statements says that it is not for rows of the state: their INSERT has 30 s, and
	// is then repeated.
	statements bool
}

func (a answer) String() string {
	if a.done {
		return a.name + ", and the statement was done"
	}
	return a.name + ", and nothing was done"
}

// answers are grouped as the table shows them.
func answers() map[string][]answer {
	refusal := func(code int32, text string, done, alone bool) answer {
		return answer{fmt.Sprint(code), done, testproxy.Meddling{Withhold: !done, Reply: testproxy.Exception(code, text)}, text, alone, false}
	}
	malformed := func(name string, reply []byte, cut bool, says string) answer {
		return answer{name, true, testproxy.Meddling{Reply: reply, Cut: cut}, says, false, false}
	}
	neverComes := answer{"answer that stops in a block", true, testproxy.Meddling{Reply: testproxy.TruncatedBlock()}, "its answer did not come", false, true}
	return map[string][]answer{
		"517, 999 or 242 as the answer, nothing done": {
			refusal(517, "Metadata on replica is not up to date with common metadata in Zookeeper", false, true),
			refusal(999, "Session expired", false, false),
			refusal(242, "Table is in readonly mode", false, false),
		},
		"999, 242, 159 or 319 as the answer, all done": {
			refusal(999, "Connection loss", true, false),
			refusal(242, "Table is in readonly mode", true, false),
			refusal(159, "Watching task is executing longer than distributed_ddl_task_timeout", true, false),
			refusal(319, "Unknown status, client must retry", true, false),
		},
		"a connection closed before or in the answer": {
			{"connection closed", false, testproxy.Meddling{Withhold: true, Cut: true}, "connection lost", false, false},
			{"connection closed in mid-answer", true, testproxy.Meddling{Reply: testproxy.Exception(517, "cut")[:9], Cut: true}, "connection lost", false, false},
		},
		"a malformed answer, all done": {
			malformed("packet of an unknown kind", testproxy.UnknownPacket(), false, "packet"),
			malformed("truncated block", testproxy.TruncatedBlock(), true, "connection lost"),
			malformed("absurd number of columns", testproxy.AbsurdColumns(), false, "columns"),
			malformed("absurd length", testproxy.AbsurdLength(1<<40), false, "a length of"),
			neverComes,
		},
	}
}

// answering makes servers answer otherwise, once for each statement of the six.
type answering struct {
	proxies []*testproxy.Proxy

	mu     sync.Mutex
	struck map[string]bool
}

// behindProxies makes a project's skein reach every node through a proxy.
func (p *project) behindProxies() *answering {
	p.t.Helper()
	a := &answering{struck: map[string]bool{}, proxies: proxies(p.t, p.servers)}
	p.through(a.proxies)
	return a
}

// statement finds the number of a statement of the six by its query's ID, "" in
// other requests.
func statement(r testproxy.Request) string {
	found := regexp.MustCompile(regexp.QuoteMeta(group+"/"+six) + `-(\d+)-`).FindSubmatch(r.Data)
	if !testproxy.BeginsQuery(r.Data) || found == nil { // the texts of the audit trail are data
		return ""
	}
	return string(found[1])
}

// statements meddles with the first request of each statement.
func (a *answering) statements(with answer) {
	for _, proxy := range a.proxies {
		proxy.Meddle(func(r testproxy.Request) *testproxy.Meddling {
			number := statement(r)
			a.mu.Lock()
			defer a.mu.Unlock()
			if number == "" || a.struck[number] {
				return nil
			}
			a.struck[number] = true
			return &with.Meddling
		})
	}
}

// rows meddles with every second INSERT of a row of the state: it is tried again.
// What the server is to do comes in a packet after the statement.
func (a *answering) rows(with answer) {
	inserts := 0
	for _, proxy := range a.proxies {
		inserting := map[int]bool{}
		proxy.Meddle(func(r testproxy.Request) *testproxy.Meddling {
			a.mu.Lock()
			defer a.mu.Unlock()
			if inserting[r.Connection] && bytes.Contains(r.Data, []byte(six)) {
				delete(inserting, r.Connection)
				return &with.Meddling
			}
			if !testproxy.BeginsQuery(r.Data) || !bytes.Contains(r.Data, []byte("INSERT INTO")) || !bytes.Contains(r.Data, []byte("`migrations_local`")) {
				return nil
			}
			if inserts++; inserts%2 == 0 {
				return nil
			}
			a.struck[fmt.Sprint("row ", inserts)] = true
			if !with.done {
				return &with.Meddling
			}
			inserting[r.Connection] = true
			return nil
		})
	}
}

// goOn migrates, and gets out by resume as often as it stops. It checks that each
// stop is told truly, and that no command takes longer than its waits may.
func (p *project) goOn(with answer) (stops int) {
	p.t.Helper()
	args := []string{"migrate"}
	for range 20 {
		began := time.Now()
		r := p.whenActive(ungated, args...)
		if took := time.Since(began); took > longest {
			p.errorf("skein %s took %s", strings.Join(args, " "), took)
		}
		args = []string{"resume"}
		switch {
		case r.code == 0:
			return stops
		case r.code == 3 && strings.Contains(r.stderr, "--assume-done"):
			args = append(args, p.decide(r.stderr))
		case r.code == 5:
			stops++
			if !strings.Contains(r.stderr, with.says) {
				p.errorf("does not say %q", with.says)
			}
		default:
			p.fatalf("exit %d", r.code)
		}
	}
	p.fatalf("it stops again and again")
	return stops
}

// ungated is for a command at whose calls nothing happens.
func ungated(string) {}

// longest is above all that a command waits for when every wait is of five
// seconds, and above whenActive's minute and a half, on a machine that is busy.
const longest = 120 * time.Second

func TestServerAnswersOtherwise(t *testing.T) {
	take(t, &lanes.plain)
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, _ := withoutFault(t, c, at.ddl)
			var all sync.WaitGroup
			slots := make(chan struct{}, busy)
			numbers := atomic.Int32{}
			for name, answers := range answers() {
				for _, to := range []struct {
					name   string
					meddle func(*answering, answer)
					rows   bool
				}{{"each statement", (*answering).statements, false}, {"each row of the state", (*answering).rows, true}} {
					// Rows are written the same way in both modes of ddl, and on one node.
					if !*whole && to.rows != (at.name == onDirect) {
						continue
					}
					all.Go(func() {
						t.Run(name+", "+to.name, func(t *testing.T) {
							began, runs := time.Now(), atomic.Int32{}
							var group sync.WaitGroup
							for _, with := range answers {
								if to.rows && with.statements {
									continue
								}
								group.Go(func() {
									slots <- struct{}{}
									defer func() { <-slots }()
									t.Run(with.String(), func(t *testing.T) {
										p := newProject(t, c, fmt.Sprintf("7%03d", numbers.Add(1)), at.ddl)
										runs.Add(p.answeredOtherwise(with, to.meddle, to.rows, want))
									})
								})
							}
							group.Wait()
							proven(t, line{
								Case: 7, Fault: name, Moments: to.name,
								Runs: int(runs.Load()), Place: at.name, Way: string(resume), took: time.Since(began),
							})
						})
					})
				}
			}
			all.Wait()
		})
	}
}

// answeredOtherwise migrates and says how often a server answered otherwise.
func (p *project) answeredOtherwise(with answer, meddle func(*answering, answer), rows bool, want picture) int32 {
	p.t.Helper()
	if !rows { // of which the limit bounds the writing
		p.edit("wait: 20s", "wait: 5s")
	}
	proxies := p.behindProxies()
	if r := p.whenActive(ungated, "migrate", "--group", group, before); r.code != 0 {
		p.fatalf("exit %d", r.code)
	}
	meddle(proxies, with)
	stops := p.goOn(with)
	switch {
	case rows && stops > 0: // a row is written again, as it was
		p.errorf("stopped %d times", stops)
	case with.alone && stops > 1: // what a Go function meets, it decides about
		p.errorf("stopped %d times", stops)
	}
	if len(proxies.struck) < 5 || !rows && len(proxies.struck) != 6 {
		p.errorf("answered otherwise %d times: %v", len(proxies.struck), proxies.struck)
	}
	if r := p.whenActive(ungated, "migrate"); r.code != 0 {
		p.errorf("exit %d, and nothing was left to do", r.code)
	}
	if diff := same(want, p.look()); diff != "" {
		p.errorf("not as without the fault (-without +with):\n%s", diff)
	}
	ranOnce(p.t, p.servers, p)
	p.t.Logf("%s", p.said.String())
	return int32(len(proxies.struck))
}
