#!/bin/bash
# Records the pcap files of this directory: NSD on a real server, dig and dnsperf as clients, in network
# namespaces of this host, tcpdump on the real server's card. What is sent is what TestRecorded asserts.
# Needs root, nsd, dnsutils, dnsperf, tcpdump, iproute2.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
chmod 755 "$work"
ns() { ip netns exec "lvsdns-rec-$1" "${@:2}"; }
cleanup() {
    for p in "$work"/*.pid; do [ -e "$p" ] && kill "$(cat "$p")" 2>/dev/null || true; done
    [ -n "${dump:-}" ] && kill "$dump" 2>/dev/null || true
    ip netns del lvsdns-rec-client 2>/dev/null || true
    ip netns del lvsdns-rec-server 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
ip netns add lvsdns-rec-client
ip netns add lvsdns-rec-server
ip link add eth0 netns lvsdns-rec-client type veth peer name eth0 netns lvsdns-rec-server
ns client ip link set lo up
ns server ip link set lo up
ns server ip addr add 192.0.2.1/32 dev lo
ns server ip addr add 2001:db8::1/128 dev lo
ns client ip link set eth0 address 02:00:00:00:00:05
ns server ip link set eth0 address 02:00:00:00:00:01
ns client ip addr add 198.51.100.5/24 dev eth0
ns server ip addr add 198.51.100.21/24 dev eth0
ns client ip -6 addr add 2001:db8:5::5/64 dev eth0 nodad
ns server ip -6 addr add 2001:db8:5::21/64 dev eth0 nodad
ns client ip link set eth0 up
ns server ip link set eth0 up
ns client ip route add 192.0.2.1 via 198.51.100.21
ns client ip -6 route add 2001:db8::1 via 2001:db8:5::21

{
    echo '$ORIGIN example.com.'
    echo '@ 3600 SOA ns hostmaster 1 7200 900 1209600 300'
    echo '@ 3600 NS ns'
    echo 'ns 3600 A 192.0.2.1'
    echo 'ns 3600 AAAA 2001:db8::1'
    echo 'www 3600 A 203.0.113.80'
    echo 'www 3600 AAAA 2001:db8:80::1'
    echo 'sub 3600 NS ns.sub'
    echo 'ns.sub 3600 A 203.0.113.53'
    for i in $(seq 24); do printf 'big 3600 TXT "%03d %s"\n' "$i" "$(head -c 120 /dev/zero | tr '\0' x)"; done
} > "$work/zone"
cat > "$work/nsd.conf" <<CONF
server:
  ip-address: 192.0.2.1
  ip-address: 2001:db8::1
  port: 53
  username: ""
  chroot: ""
  zonesdir: "$work"
  database: ""
  pidfile: "$work/nsd.pid"
  xfrdfile: "$work/xfrd"
  zonelistfile: "$work/zonelist"
  ipv4-edns-size: 4096
  ipv6-edns-size: 4096
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: zone
  provide-xfr: 198.51.100.0/24 NOKEY
CONF
ns server nsd -c "$work/nsd.conf"
record() { # NAME: what the function of that name sends
    : > "$work/log"
    ip netns exec lvsdns-rec-server tcpdump -i eth0 -s 0 -U -B 8192 -w "$work/$1.pcap" 'ip or ip6 and not icmp6' 2>"$work/log" &
    dump=$!
    until grep -q listening "$work/log"; do sleep 0.1; done
    "$1"
    sleep 2 # tcpdump reads its ring every second
    kill "$dump"
    wait "$dump" || true
    dump=
    cat "$work/$1.pcap" > "$1.pcap"
}
q() { ns client dig +tries=1 +time=2 +nocookie "$@" >/dev/null; }
until ns client dig +time=1 +tries=1 @192.0.2.1 example.com SOA >/dev/null; do sleep 0.2; done
until ns client dig +time=1 +tries=1 @2001:db8::1 example.com SOA >/dev/null; do sleep 0.2; done

nsd() {
    for server in 192.0.2.1 2001:db8::1; do
        q @$server www.example.com A
        q @$server www.example.com AAAA +dnssec
        q @$server WwW.eXample.COM HTTPS +noedns      # no data
        q @$server none.example.com MX                # NXDOMAIN
        q @$server x.sub.example.com A +norec         # referral
        q @$server example.org A                      # REFUSED
        q @$server example.com SOA +edns=1 +noednsneg # BADVERS
        q @$server example.com SOA +opcode=notify
        q @$server example.com A +cookie=0011223344556677 +subnet=198.51.100.0/24
        q @$server big.example.com TXT +ignore +bufsize=1232 # truncated
        q @$server big.example.com TXT +ignore +bufsize=4096 # in fragments
        q @$server big.example.com TXT +tcp
        q +tcp +keepopen @$server www.example.com A @$server www.example.com AAAA @$server none.example.com MX
    done
    q @192.0.2.1 example.com AXFR
}
# dnsperf has many questions under way in one connection.
pipelined() {
    { for i in $(seq 50); do echo "www.example.com A"; echo "n$i.example.com AAAA"; done; } > "$work/queries"
    ns client dnsperf -s 192.0.2.1 -m tcp -d "$work/queries" -n 1 -c 2 -q 40 -e -D >/dev/null
}
record nsd
record pipelined
