package plan

// steps are those of one migration as they are made.
type steps struct {
	joined bool // what may be one statement is
	list   []Step
	of     int // how many statements the last step has been made of
}

// add puts a step behind the others, or makes it one with the last.
func (s *steps) add(step *Step) (together bool) {
	if s.joined && len(s.list) > 0 {
		last := &s.list[len(s.list)-1]
		if last.Cluster == step.Cluster && last.OnCluster == step.OnCluster && sameGroups(last.Groups, step.Groups) &&
			last.Statement.JoinsWith(step.Statement) {
			last.Statement = last.Statement.Join(step.Statement, s.of)
			s.of++
			return true
		}
	}
	s.list, s.of = append(s.list, *step), 1
	return false
}

// finished are the steps with their numbers and with what they send, which is known when
// nothing joins them any more. They have room for no others, of which a plan of many
// migrations would keep much.
func (s *steps) finished() []Step {
	if len(s.list) == 0 {
		return nil
	}
	out := make([]Step, len(s.list))
	copy(out, s.list)
	for i := range out {
		out[i].Index, out[i].Of = i+1, len(out)
		out[i].write()
	}
	return out
}

// write says what is sent, and what that is known by. The statement's own texts are then
// parts of the one that is sent, so that they are kept once.
func (s *Step) write() {
	stmt := &s.Statement
	s.Text, s.Hash = stmt.SQL(s.OnCluster), hash(stmt)
	stmt.Head, stmt.Tail = s.Text[:len(stmt.Head)], s.Text[len(s.Text)-len(stmt.Tail):]
}

// emptied is the room in which they were made, for those of the next migration.
func (s *steps) emptied() []Step {
	clear(s.list)
	return s.list[:0]
}
