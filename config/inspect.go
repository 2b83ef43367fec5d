package config

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Check is Load, and beyond it all that can be known without a server of
// ClickHouse's or ZooKeeper: whether each secret that the environment in use names
// can be read, and each file of TLS. All that is wrong comes in one
// *journal.UsageError. The configuration comes with it as far as it could be read,
// and is not to be used for more than to find more mistakes; nil if the file could
// not be read at all.
func Check(ctx context.Context, options Options) (*Config, error) {
	c, problems, err := read(options)
	if c != nil {
		problems = append(problems, c.unreadable(ctx)...)
		c.Groups = slices.DeleteFunc(c.Groups, func(g Group) bool { return g.Name == "" })
	}
	if err != nil {
		return nil, err
	}
	return c, usage(problems)
}

// references are the secrets that are written elsewhere, by their keys.
func (c *Config) references() map[string]Secret {
	found := map[string]Secret{"coordination.auth": c.Coordination.Auth, "access.password": c.Access.Password}
	for i, user := range c.Access.Users {
		found[join(indexed("access.users", i), "password")] = user.Password
	}
	for _, cluster := range c.Clusters {
		found[cluster.Key("password")] = cluster.Password
	}
	for name, secret := range c.Secrets {
		found[join("secrets", name)] = secret
	}
	maps.DeleteFunc(found, func(_ string, secret Secret) bool { return secret.reference == "" })
	return found
}

// References counts the secrets that are read from elsewhere.
func (c *Config) References() int { return len(c.references()) }

// unreadable reads all secrets, at once since each may have to be waited for, and
// the files of TLS.
func (c *Config) unreadable(ctx context.Context) []*Problem {
	var (
		k       = &checker{origins: c.origins}
		found   = c.references()
		failed  = make(map[string]error, len(found))
		mu      sync.Mutex
		reading sync.WaitGroup
	)
	for key, secret := range found {
		reading.Go(func() {
			_, err := secret.Resolve(ctx)
			mu.Lock()
			defer mu.Unlock()
			failed[key] = err
		})
	}
	reading.Wait()
	for _, key := range slices.Sorted(maps.Keys(failed)) {
		if err := failed[key]; err != nil {
			k.wrong(key, "%v", err)
		}
	}
	for _, cluster := range c.Clusters {
		k.files(cluster.Key("tls"), cluster.TLS)
	}
	k.files("coordination.tls", c.Coordination.TLS)
	return k.problems
}

func (k *checker) files(key string, t *TLS) {
	if t == nil {
		return
	}
	if _, err := t.Load(); err != nil {
		k.wrong(key, "%v", err)
	}
}
