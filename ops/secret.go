package ops

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// SecretPattern is how operations name a secret: {secret:NAME}. It is resolved
// when the statement is sent, so that no plan, row or checksum has its value.
const SecretPattern = `\{secret:[^{}'\\\s]+\}`

func secretReference(text string) bool {
	return strings.HasPrefix(text, "{secret:") && regexp.MustCompile(`^`+SecretPattern+`$`).MatchString(text)
}

// SecretsIn lists the names of the secrets that a statement refers to.
func SecretsIn(sql string) []string {
	if !strings.Contains(sql, "{secret:") {
		return nil // as most; the pattern is made anew for each
	}
	var names []string
	for _, reference := range regexp.MustCompile(SecretPattern).FindAllString(sql, -1) {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(reference, "{secret:"), "}"))
	}
	return names
}

// checkSecret refuses a secret that is written out. None at all is no secret.
func checkSecret(name, value string) error {
	if value == "" || secretReference(value) {
		return nil
	}
	return fmt.Errorf("%s is written out: write a reference, \"{secret:NAME}\", and configure NAME under secrets", shown(name))
}

// namesSecret says that a key, such as kafka_sasl_password, holds a secret.
func namesSecret(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"password", "secret", "token", "private_key", "account_key", "passphrase"},
		func(word string) bool { return strings.Contains(key, word) })
}

// checkClauseSettings refuses settings without a name, and secrets written out.
func checkClauseSettings(settings []Setting) error {
	for _, setting := range settings {
		if setting.Name == "" {
			return errors.New("a setting has no name: set Name")
		}
		if namesSecret(setting.Name) {
			if err := checkSecret("setting "+setting.Name, setting.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSecretsIn refuses a text of the author's own with a password written out.
func checkSecretsIn(text string) error {
	if !namesSecret(text) {
		return nil
	}
	written := regexp.MustCompile(`(?i)\b(\w*(?:password|secret|token)\w*)\s*[=\s]\s*'((?:[^'\\]|\\.)*)'`)
	for _, found := range written.FindAllStringSubmatch(text, -1) {
		if err := checkSecret(strings.ToUpper(found[1]), found[2]); err != nil {
			return err
		}
	}
	return nil
}

// checkSecretArguments refuses a password written out among the arguments of a
// table function: mysql(…, password = 'x').
func checkSecretArguments(query string) error {
	written := regexp.MustCompile(`(?i)[(,]\s*(password|secret_access_key|session_token|access_token)\s*=\s*'((?:[^'\\]|\\.)*)'`)
	for _, found := range written.FindAllStringSubmatch(query, -1) {
		if err := checkSecret(strings.ToUpper(found[1]), found[2]); err != nil {
			return err
		}
	}
	return nil
}
