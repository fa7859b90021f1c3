// Package httpd serves pages to readers who may be slow, many, or hostile.
//
// The web port of a daemon is open to whoever reaches it, and what an honest reader needs must not depend on what the others do:
//
//   - A connection has a place for as long as nobody needs it more. When all are taken, the address that has the most of them loses
//     the one that has kept still longest ([Limits].Connections). While all have done their part, a newcomer waits.
//   - A request comes whole within some seconds, has small headers and no body.
//   - A page is made once for all who ask at the same time, and the pages that readers still hold have a limit of bytes together: who
//     holds one that nobody takes is cut off first ([Press]).
//   - A reader who takes nothing for some seconds is cut off.
//   - A browser is answered only under a name of this host, so that no page of somebody else's reads ours through a name that
//     leads here today (DNS rebinding).
package httpd
