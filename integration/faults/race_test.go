package faults

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// contenders is how many processes begin at once.
const contenders = 8

// race is the group of which each round has one migration.
const race = "race"

// racing has a migration for each round, which leaves one row.
func racing(suffix string, rounds int) migration.Group {
	table := local("calls", suffix)
	out := migration.Group{Name: race, DependsOn: []string{group}}
	for round := 1; round <= rounds; round++ {
		out.Migrations = append(out.Migrations, migration.Migration{
			ID: raceID(round), Forward: []ops.Operation{
				ops.AddColumn{Table: table, Column: ops.Column{Name: fmt.Sprintf("r%d", round), Type: "UInt8"}},
				ops.RunSQL{
					Place: table.Place, Scope: ops.RunOneNode, Writes: []ops.Table{table},
					SQL:  fmt.Sprintf("INSERT INTO {db}.%s (at, r%d) SELECT now(), 1", table.Name, round),
					Undo: &ops.RunSQL{SQL: "SELECT 1", Scope: ops.RunOneNode, Repeatable: true},
				},
			},
		})
	}
	return out
}

func raceID(round int) string { return fmt.Sprintf("%04d_round", round) }

// Of many processes that begin at once, one runs the migration, and once. Those
// that were told to wait find it done; the others say who holds the lock.
func TestManyProcessesAtOnce(t *testing.T) {
	take(t, &lanes.plain)
	for _, at := range places() {
		rounds := 25 // of which the two clusters have fifty
		if *soak > 0 {
			rounds = *soak
		}
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel()
			began := time.Now()
			p := newProject(t, c, "6000", at.ddl)
			defer p.drop()
			p.must("migrate") // what the racing group depends on
			for round := 1; round <= rounds; round++ {
				p.raceOnce(round, rounds)
			}
			proven(t, line{
				Case: 6, Fault: fmt.Sprintf("%d skein processes at once, half of them wait", contenders), Moments: "rounds of one migration", Runs: rounds,
				Place: at.name, Way: "none needed", took: time.Since(began),
			})
		})
	}
}

func (p *project) raceOnce(round, of int) {
	p.t.Helper()
	results := make([]result, contenders)
	var wg sync.WaitGroup
	for i := range contenders {
		args := []string{"migrate", "--group", race, raceID(round)}
		if i%2 == 0 {
			args = append(args, "--lock-wait", "60s")
		}
		wg.Go(func() { results[i] = p.process(fault{Rounds: of}, args...) })
	}
	wg.Wait()
	ran := 0
	for i, r := range results {
		p.say([]string{"migrate", fmt.Sprintf("(process %d)", i)}, r)
		switch {
		case r.code == 0 && strings.Contains(r.stdout, "1 migration completed"):
			ran++
		case r.code == 0 && strings.Contains(r.stdout, "Nothing to do"):
		case r.code == 4 && i%2 == 1 && strings.Contains(r.stderr, "lock"):
		// It came when all was done: that THROUGH is no longer pending.
		case r.code == 2 && strings.Contains(r.stderr, raceID(round)):
		default:
			p.errorf("round %d, process %d: exit %d", round, i, r.code)
		}
	}
	if ran != 1 {
		p.errorf("round %d: %d processes ran the migration", round, ran)
	}
	rows := 0
	for _, n := range p.servers.Nodes {
		var count int
		text := p.query(n, fmt.Sprintf("SELECT toString(count()) FROM %s.calls%s WHERE r%d = 1", p.database(), p.suffix, round))[0][0]
		if _, err := fmt.Sscan(text, &count); err != nil {
			p.fatalf("%v", err)
		}
		rows += count
	}
	if rows != 1 {
		p.errorf("round %d: the row was inserted %d times", round, rows)
	}
	p.said.Reset()
}
