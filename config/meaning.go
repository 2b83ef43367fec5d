package config

import "strings"

// meaning says what a key is for.
type meaning struct {
	text string
	// otherwise is what holds where the key is left out, if that is no fixed value.
	otherwise string
	// takes is what a value looks like, if its type does not say it.
	takes string
}

// meant is the name under which meanings has a path: TLS means the same everywhere.
func meant(path string) string {
	path = plain(path)
	if _, inner, ok := strings.Cut(path, ".tls."); ok {
		return "tls." + inner
	}
	return path
}

// meanings is what editors show for a key, and what docs/configuration.md has.
func meanings() map[string]meaning {
	return map[string]meaning{
		"clusters":                          {text: "The clusters, one at least."},
		"clusters.url":                      {text: "Instead of `hosts`: one host and, where they are there, user, password and database; keys beside it win.", takes: "`clickhouse://user@host:9440/database?secure=true`"},
		"clusters.name":                     {text: "How skein calls the cluster: letters, digits, `_ . -`.", otherwise: "required"},
		"clusters.hosts":                    {text: "Nodes to begin with, native protocol; the others are found in `system.clusters`. The port is always given: 9000, with TLS usually 9440.", otherwise: "required, or `url`", takes: "list of host:port"},
		"clusters.cluster_name":             {text: "The cluster of the local nodes, which store data, as `system.clusters` names it.", otherwise: "required unless `single_node`"},
		"clusters.distributed_cluster_name": {text: "The cluster of the query nodes, which hold Distributed tables.", otherwise: "`cluster_name`"},
		"clusters.single_node":              {text: "One server: no ON CLUSTER, no Replicated engines, no Distributed tables. Goes with one host and without the names of clusters."},
		"clusters.database":                 {text: "Where tables are whose migration names no database."},
		"clusters.user":                     {text: "Who skein is on the servers."},
		"clusters.password":                 {text: "The user's password. Write a reference, not the password.", otherwise: "empty"},
		"clusters.tls":                      {text: "TLS with the nodes: `true` trusts the system's roots.", otherwise: "`false`"},
		"clusters.storage_sets":             {text: "The storage sets on this cluster. Each is on exactly one cluster. `migrations`, skein's own, is added where there is only one cluster."},
		"clusters.ddl":                      {text: "One statement with ON CLUSTER, or the statement to every node.", otherwise: "`on_cluster`; `direct` on a single node"},
		"clusters.node_concurrency":         {text: "How many nodes are asked, or sent a statement, at the same time. Each takes a connection, and room for its answer. With `ddl: direct`, the nodes beyond it wait for their turn.", takes: "1 to 1000"},
		"clusters.connect":                  {text: "How patient skein is with a node that does not answer."},
		"clusters.connect.retries":          {text: "Attempts after the first one at a node that does not answer."},
		"clusters.connect.interval":         {text: "Between attempts."},
		"clusters.connect.timeout":          {text: "Of one attempt."},
		"clusters.limits":                   {text: "What skein waits for."},
		"clusters.limits.ddl":               {text: "Sent as `distributed_ddl_task_timeout`. Reaching it is not a failure: skein goes on watching.", takes: "duration, whole seconds"},
		"clusters.limits.wait":              {text: "How long skein watches nodes converge, an outcome that is unknown, what a dead run left, or a node that does not answer.", takes: "duration, 1s or more"},
		"clusters.limits.mutation":          {text: "How long a mutation may go on without doing a part, on any node. Reaching it ends the wait, not the mutation: `resume` waits again.", takes: "duration, `0s` for none"},
		"clusters.address_map":              {text: "How to reach nodes whose names in `system.clusters` mean nothing where skein runs. A host alone keeps the port.", takes: "host:port to host:port, or host to host"},
		"clusters.unsharded_replica":        {text: "Replica name of unsharded tables where `{replica}` is not unique over all shards, such as `{shard}-{replica}`.", otherwise: "the replica macro"},
		"clusters.paths":                    {text: "ZooKeeper paths that differ from the rule.", takes: "`database.table` to path"},
		"clusters.ddl_queue_path":           {text: "`distributed_ddl.path` of the servers.", takes: "path"},

		"secrets":      {text: "What operations may name as `{secret:NAME}`."},
		"secrets.NAME": {text: "The secret NAME."},

		"aws":          {text: "Where `ssm:` references are read. Credentials are found as AWS's own tools find them."},
		"aws.region":   {text: "The region of the parameters.", otherwise: "`AWS_REGION`, or that of the profile"},
		"aws.endpoint": {text: "Another address of the service: a VPC endpoint, or a stand-in for it.", otherwise: "AWS's own in the region", takes: "URL"},
		"aws.timeout":  {text: "For one parameter, credentials and attempts included."},

		"access":                    {text: "What `skein bootstrap` makes before the first migration; see [bootstrap](bootstrap.md). The databases of `clusters` are made too."},
		"access.user":               {text: "Whom bootstrap signs in as.", otherwise: "the cluster's"},
		"access.password":           {text: "That user's password. Write a reference, not the password.", otherwise: "the cluster's, if `user` is left out too"},
		"access.databases":          {text: "Databases."},
		"access.databases.name":     {text: "The database's name.", otherwise: "required"},
		"access.databases.engine":   {text: "Its engine, such as `Atomic`. What is there with another one is not changed.", otherwise: "the server's"},
		"access.databases.clusters": {text: "The clusters on which it is made.", otherwise: "all"},
		"access.roles":              {text: "Roles."},
		"access.roles.name":         {text: "The role's name.", otherwise: "required"},
		"access.roles.grants":       {text: "What it may do, as between GRANT and TO: `SELECT, INSERT ON events.*`. Nothing is revoked."},
		"access.roles.clusters":     {text: "The clusters on which it is made.", otherwise: "all"},
		"access.users":              {text: "Users."},
		"access.users.name":         {text: "The user's name.", otherwise: "required"},
		"access.users.password":     {text: "The user's password. Write a reference, not the password.", otherwise: "required"},
		"access.users.roles":        {text: "Roles that the user is granted."},
		"access.users.grants":       {text: "What the user may do beside that of its roles."},
		"access.users.clusters":     {text: "The clusters on which it is made.", otherwise: "all"},

		"coordination":                 {text: "What keeps two runs apart. It may be left out where the state is on a single node: skein then holds a lease in tables of that node."},
		"coordination.zookeeper":       {text: "ZooKeeper or ClickHouse Keeper.", otherwise: "required on a cluster, unless `lock: none`", takes: "list of host:port"},
		"coordination.root":            {text: "Where skein keeps its znodes; made if it is not there.", takes: "path"},
		"coordination.lock":            {text: "`lease` is kept in tables `migrations_lock_<epoch>` of the single node that has the state, and refused on a cluster. `none` goes without a lock, on purpose, and says so on each run.", otherwise: "`zookeeper` where servers are given, else `lease` on a single node"},
		"coordination.session_timeout": {text: "How long the lock of a run that died stays held; also the limit for a server to answer. ZooKeeper bounds it, usually to 2 to 20 ticks; a lease takes 3s at least.", takes: "duration, 1s or more"},
		"coordination.auth":            {text: "Digest identity, `user:password`. What skein creates is then for that identity alone.", otherwise: "none"},
		"coordination.tls":             {text: "TLS with ZooKeeper or Keeper.", otherwise: "`false`"},

		"groups":              {text: "Names groups whose migrations are files, and changes groups that are compiled in; what is left out stays as it is in Go."},
		"groups.name":         {text: "The group's name.", otherwise: "required"},
		"groups.storage_sets": {text: "The storage sets that its migrations may touch.", otherwise: "as it is in Go"},
		"groups.readiness":    {text: "How finished the group is: what `readiness` and `--readiness` go by.", otherwise: "as it is in Go"},
		"groups.depends_on":   {text: "Groups that are migrated before it.", otherwise: "as it is in Go"},
		"groups.dir":          {text: "A directory of [SQL](sql-files.md) and [YAML](yaml-migrations.md) files, seen from that of skein.yaml.", takes: "path"},
		"groups.sequential":   {text: "Refuse files whose numbers have a gap."},
		"groups.optional":     {text: "`skip_groups` may name it.", otherwise: "as it is in Go, else `false`"},

		"readiness":   {text: "The states of the groups that are migrated; the others are left alone.", otherwise: "any"},
		"skip_groups": {text: "Optional groups that are left alone."},

		"tls.ca":          {text: "Roots, PEM.", otherwise: "the system's roots", takes: "file"},
		"tls.cert":        {text: "Client certificate, PEM; goes with `key`.", otherwise: "none", takes: "file"},
		"tls.key":         {text: "Key of the client certificate, PEM; goes with `cert`.", otherwise: "none", takes: "file"},
		"tls.server_name": {text: "Expected in the server's certificate.", otherwise: "the host that is dialled"},
		"tls.min_version": {text: "The lowest version that is spoken. Below 1.2 it is broken: for servers that have no other."},
		"tls.skip_verify": {text: "Accepts any certificate."},

		"environments": {text: "What changes in an environment that `--env` or `SKEIN_ENV` chooses, by its name."},
	}
}
