package nodes_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/bench/nodes/work"
	"github.com/skein-migrate/skein/bench/simulated"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// gateway passes what skein asks simulated nodes on to real ones, one behind each, and keeps
// what they answer. The real ones are no cluster: where their answer would show it, it is
// made from what is there, and says so in From.
type gateway struct {
	nodes []simulated.Node
	real  []backing

	mu      sync.Mutex
	keeping bool
	after   map[int]int
	kept    map[key]answered
}

type key struct {
	query string
	after int
}

type answered struct {
	simulated.Answer
	by int // the number of the node
}

// backing is what is behind one simulated node.
type backing struct {
	*testcluster.Node
	keeper         *zk.Conn
	shard, replica string // its macros
}

// shadow has what the state tables cannot hold: a Replicated table of the library takes no
// rows, as it has no port for other replicas.
const shadow = "skein_shadow"

// Connect implements simulated.Handler.
func (g *gateway) Connect(ctx context.Context, node simulated.Node, database string) (simulated.Session, error) {
	client, err := ch.Dial(ctx, ch.Options{Address: g.real[node.Number-1].Addr(), Database: database})
	if err != nil {
		return nil, fmt.Errorf("dial the real node %d: %w", node.Number, err)
	}
	return &passing{gateway: g, node: node, client: client, real: g.real[node.Number-1]}, nil
}

// passing is one connection.
type passing struct {
	gateway *gateway
	node    simulated.Node
	client  *ch.Client
	real    backing
}

// Close implements simulated.Session.
func (p *passing) Close() { _ = p.client.Close() }

// Answer implements simulated.Session.
func (p *passing) Answer(ctx context.Context, query simulated.Query) simulated.Reply {
	body := p.node.AsRecorded(query.Body)
	p.gateway.mu.Lock()
	after := p.gateway.after[p.node.Number]
	p.gateway.mu.Unlock()
	answer, take := p.ask(ctx, body, slices.Clone(query.Settings))
	answer.Query, answer.Settings = simulated.Key(body), fixed(query.Settings)
	answer.After = simulated.Number(answer.Query, after)
	p.gateway.keep(answer, p.node.Number)
	reply, err := answer.For(p.node)
	if err != nil {
		reply, _ = simulated.Answer{Code: 48, Message: err.Error()}.For(p.node)
	}
	reply.Take = take
	return reply
}

// fixed are settings without what is of one run.
func fixed(settings []simulated.Setting) []simulated.Setting {
	for i, s := range settings {
		if s.Name == "log_comment" {
			settings[i].Value = "RUN"
		}
	}
	return settings
}

func (g *gateway) keep(answer simulated.Answer, by int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	answer.Changes = strings.HasPrefix(answer.Query, "CREATE TABLE ") && strings.Contains(answer.Query, work.Made)
	if answer.Changes {
		g.after[by]++
	}
	k := key{answer.Query, answer.After}
	if was, known := g.kept[k]; g.keeping && (!known || by < was.by) {
		g.kept[k] = answered{answer, by}
	}
}

// recording is what was kept, in an order of its own.
func (g *gateway) recording() simulated.Recording {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out simulated.Recording
	for _, a := range g.kept {
		for _, row := range a.Rows {
			if at := slices.Index(row, simulated.Host); at >= 0 {
				row[at+1] = "9000"
			}
		}
		out.Answers = append(out.Answers, a.Answer)
	}
	slices.SortFunc(out.Answers, func(a, b simulated.Answer) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Query, b.Query))
	})
	return out
}

var (
	zooKeeperQuery = regexp.MustCompile(`^SELECT (name|value) FROM system\.zookeeper WHERE path = '([^']*)'( AND name = '[^']*')?( ORDER BY name)?$`)
	insertQuery    = regexp.MustCompile(`^INSERT INTO (\S+) \((.*)\) VALUES$`)
	replicatedMade = regexp.MustCompile(`ENGINE = Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?`)
	shardPath      = regexp.MustCompile(`(/clickhouse/tables/\w+/)(\d+)\b`)
	stateTable     = regexp.MustCompile("`?skein`?\\.(`?migration)")
	uuid           = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	address        = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// topologyFrom is what is said of answers about the cluster.
const topologyFrom = "the simulated nodes: no real node knows that they are a cluster"

// ask has an answer made. take is set where rows are to come.
func (p *passing) ask(ctx context.Context, body string, settings []simulated.Setting) (simulated.Answer, func(proto.Results) error) {
	text := strings.NewReplacer(simulated.Recorded().ShardMacro(), p.real.shard, simulated.Recorded().ReplicaMacro(), p.real.replica).Replace(body)
	switch {
	case strings.HasPrefix(body, "SELECT cluster, host_name"):
		answer := p.run(ctx, text, settings)
		answer.From = topologyFrom
		answer.Rows = p.gateway.topology()
		return answer, nil
	case strings.HasPrefix(body, "SELECT host_name"):
		answer := p.run(ctx, text, settings)
		answer.From = topologyFrom
		answer.Rows = nil
		for _, row := range p.gateway.topology() {
			if strings.Contains(body, "'"+row[0]+"'") {
				answer.Rows = append(answer.Rows, row[1:])
			}
		}
		return answer, nil
	case strings.HasPrefix(body, "SYSTEM SYNC REPLICA "):
		return simulated.Answer{From: "18.16 on 2×2 nodes: the library's replicas are read-only"}, nil
	case zooKeeperQuery.MatchString(text):
		answer := p.zooKeeper(zooKeeperQuery.FindStringSubmatch(text))
		answer.From = "ZooKeeper itself: the library has no system.zookeeper"
		return answer, nil
	case insertQuery.MatchString(text):
		parts := insertQuery.FindStringSubmatch(text)
		into := inShadow(parts[1])
		answer := p.run(ctx, "SELECT "+parts[2]+" FROM "+into+" LIMIT 0", nil)
		answer.Takes = true
		return answer, func(rows proto.Results) error { return p.insert(ctx, strings.Replace(text, parts[1], into, 1), rows) }
	case strings.HasPrefix(text, "CREATE TABLE ") && stateTable.MatchString(text):
		if answer := p.run(ctx, replicatedMade.ReplaceAllString(inShadow(text), "ENGINE = $1("), settings); answer.Code != 0 {
			return answer, nil
		}
		return p.run(ctx, text, settings), nil
	case stateTable.MatchString(text):
		return p.run(ctx, inShadow(text), settings), nil
	}
	return p.run(ctx, text, settings), nil
}

func inShadow(text string) string { return stateTable.ReplaceAllString(text, shadow+".${1}") }

// topology has one shard.
func (g *gateway) topology() [][]string {
	var rows [][]string
	for _, name := range []string{"skein_dist", "skein_local"} {
		for _, node := range g.nodes {
			rows = append(rows, []string{name, simulated.Host, strconv.Itoa(node.Port), strconv.Itoa(node.Shard), strconv.Itoa(node.Replica)})
		}
	}
	return rows
}

func (p *passing) zooKeeper(parts []string) simulated.Answer {
	column, at, only := parts[1], parts[2], parts[3]
	names, _, err := p.real.keeper.Children(at)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return simulated.Answer{Code: 999, Message: "Coordination::Exception: No node, path: " + at + "."}
	case err != nil:
		return simulated.Answer{Code: 999, Message: err.Error()}
	}
	slices.Sort(names)
	answer := simulated.Answer{Columns: []simulated.Column{{Name: column, Type: "String"}}}
	for _, name := range names {
		value := name
		if only != "" && only != " AND name = '"+name+"'" {
			continue
		}
		if column == "value" {
			text, _, err := p.real.keeper.Get(path.Join(at, name))
			if err != nil {
				return simulated.Answer{Code: 999, Message: err.Error()}
			}
			value = string(text)
		}
		answer.Rows = append(answer.Rows, []string{p.canonical(value)})
	}
	return answer
}

func (p *passing) insert(ctx context.Context, text string, rows proto.Results) error {
	input := make(proto.Input, len(rows))
	for i, column := range rows {
		auto, ok := column.Data.(proto.ColInput)
		if !ok {
			return fmt.Errorf("column %s cannot be inserted", column.Name)
		}
		input[i] = proto.InputColumn{Name: column.Name, Data: auto}
	}
	return p.client.Do(ctx, ch.Query{Body: text, Input: input})
}

// run asks the real node.
func (p *passing) run(ctx context.Context, text string, settings []simulated.Setting) simulated.Answer {
	var answer simulated.Answer
	var results proto.Results
	query := ch.Query{Body: text, Result: results.Auto(), OnResult: func(context.Context, proto.Block) error {
		if answer.Columns == nil {
			for _, column := range results {
				answer.Columns = append(answer.Columns, simulated.Column{Name: column.Name, Type: string(column.Data.Type())})
			}
		}
		return p.rows(&answer, results)
	}}
	for _, s := range settings {
		query.Settings = append(query.Settings, ch.Setting{Key: s.Name, Value: s.Value, Important: true})
	}
	err := p.client.Do(ctx, query)
	var failure *ch.Exception
	switch {
	case errors.As(err, &failure):
		return simulated.Answer{Code: int(failure.Code), Message: p.canonical(strings.TrimPrefix(failure.Message, "DB::Exception: "))}
	case err != nil:
		return simulated.Answer{Code: 48, Message: err.Error()}
	}
	return answer
}

func (p *passing) rows(answer *simulated.Answer, results proto.Results) error {
	for i := range results.Rows() {
		row := make([]string, len(results))
		for j, column := range results {
			data := any(column.Data)
			if auto, ok := data.(*proto.ColAuto); ok {
				data = auto.Data
			}
			text, err := simulated.Text(data, i)
			if err != nil {
				return fmt.Errorf("column %s: %w", column.Name, err)
			}
			row[j] = p.cell(column.Name, p.canonical(text))
			if strings.HasPrefix(column.Name, "toString(is_") {
				answer.From = "18.16 on 2×2 nodes, as to which replicas are active: the library's are read-only"
			}
		}
		switch {
		case slices.Contains(row, shadow):
			continue
		case row[0] == "clock":
			row[2] = simulated.Clock
		case row[0] == "macro" && row[1] == "shard":
			row[2] = simulated.Recorded().ShardMacro()
		}
		answer.Rows = append(answer.Rows, row)
	}
	return nil
}

// cell is what a replica says of itself where it works.
func (p *passing) cell(column, text string) string {
	switch column {
	case "toString(active_replicas)", "toString(total_replicas)":
		return "2"
	case "toString(is_readonly)", "toString(is_session_expired)", "toString(greater(absolute_delay, 1000000000))":
		return "0"
	case "applied_by":
		return "bench@skein"
	}
	return text
}

// canonical is a text of the real node in the words of the recorded one.
func (p *passing) canonical(text string) string {
	is := simulated.Recorded()
	if text == p.real.replica {
		return is.ReplicaMacro()
	}
	text = strings.ReplaceAll(text, "/replicas/"+p.real.replica, "/replicas/"+is.ReplicaMacro())
	text = shardPath.ReplaceAllString(text, "${1}"+is.ShardMacro())
	text = address.ReplaceAllString(text, simulated.Host+":9000")
	return uuid.ReplaceAllStringFunc(text, func(id string) string {
		if strings.Trim(id, "0-") == "" {
			return id
		}
		return is.UUIDs() + id[len(is.UUIDs()):]
	})
}
