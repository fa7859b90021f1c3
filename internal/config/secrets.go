package config

import (
	"path/filepath"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

// WebSecrets are the files that hold what not everybody should read, of those that have to do with the web port: the file of
// web.config.file itself with a key or the hashes of passwords, and the private key that it names. What cannot be read names none.
func WebSecrets(file string) []string {
	if file == "" {
		return nil
	}
	content, err := bounded.ReadFile(file, bounded.Settings)
	if err != nil {
		return nil
	}
	root, err := decode(file, content)
	if err != nil {
		return nil
	}
	var all []string
	users, _ := section(root["basic_auth_users"])
	tls, _ := section(root["tls_server_config"])
	inside, _ := tls["key"].(string)
	if len(users) > 0 || inside != "" {
		all = append(all, file)
	}
	if key, _ := tls["key_file"].(string); key != "" {
		if !filepath.IsAbs(key) { // as exporter-toolkit takes it (SetDirectory in web/tls_config.go)
			key = filepath.Join(filepath.Dir(file), key)
		}
		all = append(all, key)
	}
	return all
}
