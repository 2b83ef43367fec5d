package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

func (c *Coordinator) isLeftOut(node string) bool { return slices.Contains(c.options.Without, node) }

// unsettled refuses a change that would come to a node before what it is owed,
// and what cannot be owed.
func (c *Coordinator) unsettled(e entries, targets []target, fake bool) error {
	for _, t := range targets {
		owed := owedNodes(noteOf(e[t.key]))
		switch {
		case t.key.Group == migration.System && len(c.options.Without) > 0:
			return journal.Refusef("%s is about skein's own tables, which no node can be owed: do it with all nodes", t.key)
		case fake && len(owed) > 0:
			return journal.Refusef("%s is owed to %s: settle that first, with skein resume", t.key, strings.Join(owed, ", "))
		case t.direction == journal.Forward && e[t.key].Status == journal.NotStarted && hasSteps(noteOf(e[t.key])):
			return journal.Refusef("%s was reversed without %s, which still has what it made: bring it back, then skein resume",
				t.key, strings.Join(owed, ", "))
		}
	}
	concerned, err := c.clusters(targets)
	if err != nil {
		return err
	}
	for _, node := range e.owedNodes() {
		keys := e.owedTo(node)
		if c.isLeftOut(node) || !c.meet(keys, concerned) {
			continue
		}
		return journal.Refusef("%s is owed %s, which ran without it. Nothing was changed\n"+
			"When it is back: skein resume\nTo go on without it once more: --without %s", node, keyList(keys), node)
	}
	return nil
}

// warnOwed says what is owed to nodes when a command has nothing else to do.
func (c *Coordinator) warnOwed(e entries, say func(journal.Event)) {
	for _, node := range e.owedNodes() {
		say(journal.Warning{Text: fmt.Sprintf("%s is owed %s, which ran without it: skein resume settles that", node, keyList(e.owedTo(node)))})
	}
}

func hasSteps(note journal.Note) bool {
	for _, list := range note.Owed {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// meet says that migrations are about one of the clusters. Of one that this
// program does not have that is taken to be so.
func (c *Coordinator) meet(keys []journal.Key, clusters []string) bool {
	for _, key := range keys {
		t, known := c.targetOf(key, journal.Forward)
		if !known {
			return true
		}
		back := t
		back.direction = journal.Backward
		theirs, err := c.clusters([]target{t, back})
		if err != nil || slices.ContainsFunc(theirs, func(name string) bool { return slices.Contains(clusters, name) }) {
			return true
		}
	}
	return false
}

func (c *Coordinator) targetOf(key journal.Key, direction journal.Direction) (target, bool) {
	group, err := c.options.Registry.Group(key.Group)
	if err != nil {
		return target{}, false
	}
	m, err := group.Migration(key.ID)
	return target{key: key, migration: m, direction: direction}, err == nil
}
