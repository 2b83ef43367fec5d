package validate

import "strings"

// nondeterministic names the first call of an expression that need not give the
// same twice, or on two servers; "" if there is none. The functions are those
// that 26.7's system.functions has as not deterministic, without the ones that
// are so in queries alone. Functions of the author's own are not known.
func nondeterministic(list []token) string {
	for i, t := range list {
		name := strings.ToLower(t.text)
		called := i+1 < len(list) && list[i+1].kind == other && list[i+1].text == "("
		switch {
		case t.kind != word && t.kind != quoted:
		case called && changing(name):
			return t.text + "()"
		case t.kind == word && bare(name) && !called && !part(list, i):
			return t.text
		}
	}
	return ""
}

// part says that a token is part of a compound name: a.now
func part(list []token, i int) bool {
	dot := func(i int) bool { return i >= 0 && i < len(list) && list[i].kind == other && list[i].text == "." }
	return dot(i-1) || dot(i+1)
}

// bare are the functions that standard SQL calls without parentheses; 26.7 does.
func bare(name string) bool {
	switch name {
	case "current_timestamp", "current_date", "localtime", "localtimestamp":
		return true
	}
	return false
}

func changing(name string) bool {
	for _, prefix := range []string{"rand", "dictget", "dicthas", "dictisin", "joinget", "generateuuid", "nowinblock", "filesystem"} {
		if strings.HasPrefix(name, prefix) {
			return name != "randomhadamardtransform"
		}
	}
	if bare(name) {
		return true
	}
	switch name {
	case "now", "now64", "today", "yesterday", "curdate", "utctimestamp", "utc_timestamp", // time
		"initialquerystarttime", "initial_query_start_time", "uptime", "zookeepersessionuptime",
		"generateulid", "generatesnowflakeid", "generateserialid", "datetimetouuidv7", "fuzzbits", // chance
		"arrayshuffle", "arraypartialshuffle", "arrayrandomsample", "obfuscatequery", "generaterandomstructure",
		"hostname", "fullhostname", "fqdn", "displayname", "serveruuid", "tcpport", "getserverport", "getmacro", // the server
		"getserversetting", "version", "revision", "buildid", "getoskernelversion", "shardnum", "shardcount",
		"servertimezone", "timezone", "file", "hascolumnintable", "getmergetreesetting",
		"currentdatabase", "current_database", "database", "schema", "currentschemas", "current_schemas", // the session
		"currentuser", "current_user", "session_user", "user", "authuser", "authenticateduser", "currentprofiles",
		"currentroles", "enabledprofiles", "enabledroles", "defaultprofiles", "defaultroles", "getsetting",
		"getsettingordefault", "queryid", "query_id", "currentqueryid", "current_query_id", "initialqueryid",
		"initial_query_id", "connectionid", "connection_id", "transactionid",
		"rownumberinblock", "rownumberinallblocks", "blocknumber", "blocksize", "blockserializedsize", // the block
		"runningdifference", "runningdifferencestartingwithfirstvalue", "runningaccumulate", "neighbor":
		return true
	}
	return false
}
