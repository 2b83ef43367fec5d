package testcluster

import (
	"os"
	"testing"
)

var (
	servers = Shared{Options: Options{Shards: 2, Replicas: 2}}
	newest  = Shared{Options: Options{Engine: EngineModern}}
)

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		startAndWaitForDeath()
	}
	os.Exit(Main(m, &servers, &newest))
}
