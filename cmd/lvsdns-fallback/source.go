package main

import (
	"flag"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/fallback/survey"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// sourceFlags say which configuration and which kernel.
func sourceFlags(f *flag.FlagSet, d *survey.Director) {
	f.StringVar(&d.File, "keepalived-config", "/etc/keepalived/keepalived.conf", "keepalived's configuration `file`")
	f.StringVar(&d.ConfigID, "config-id", "", "keepalived's --config-id, for conditional lines (default: the host's name)")
	f.StringVar(&d.Version, "keepalived-version", "", "read the file as this `version` of keepalived does, such as 2.2.7 (default: the one that is installed here, else the newest known)")
	f.BoolVar(&d.SkipUnknown, "skip-unknown-keywords", false, "skip keywords that are not known also where it is not certain that keepalived does (its version is not known, or newer than 2.4.3),\ninstead of leaving their virtual server alone")
	f.StringVar(&d.NetNS, "netns", "", "network namespace, by its `name` (default: net_namespace_ipvs or net_namespace of the configuration)")
}

// checkersPIDFile is the file behind a setting: keepalived's own choice, if nobody said otherwise.
func checkersPIDFile(setting string, c *keepalived.Config) string {
	if setting == config.Auto {
		return c.Global.CheckersPIDFile()
	}
	return setting
}
