# What the package puts on a director, and what it starts: package.sh REPOSITORY. The programs are in /usr/bin already.
cd "$1/packaging"
doc=/usr/share/doc/lvsdns/examples
install -d /etc/lvsdns "$doc/prometheus" "$doc/grafana" "$doc/systemd"
install -m 0644 exporter.yaml fallback.yaml notify.yaml /etc/lvsdns/
install -m 0644 *.service /usr/lib/systemd/system/
install -m 0644 sysusers.d/lvsdns.conf /usr/lib/sysusers.d/
install -m 0644 tmpfiles.d/lvsdns.conf /usr/lib/tmpfiles.d/
cp -R examples/. "$doc/"
install -m 0644 *.conf "$doc/systemd/"
install -m 0644 ../alerts/lvsdns.yml "$doc/prometheus/"
install -m 0644 ../dashboards/*.json "$doc/grafana/"
systemd-sysusers lvsdns.conf
systemd-tmpfiles --create lvsdns.conf
systemctl daemon-reload
systemctl enable --now lvsdns-exporter.service
