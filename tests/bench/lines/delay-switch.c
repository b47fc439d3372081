/*
 * An Ethernet switch that holds every frame back for a while: netem is not in every kernel.
 *
 * Arguments: milliseconds of delay, then the names of the devices that are its ports. Prints "ready"; then, for each line of
 * input, one line of JSON: what each port has taken in and given out. Ends with its input. Each device's own queue (tc)
 * limits what is sent to it; a frame that finds that queue full is lost, as on a line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A virtio_net_hdr goes before each frame and back to the kernel as it came: it tells which checksums are not done yet. */
#define HEADER 10
#define MAX_FRAME (HEADER + 65536 + ETHER_HDR_LEN)
#define MAX_PORTS 256
/* Some 20 ms of 200 Gbit/s in small frames: more than anybody sends here; beyond it frames are lost. */
#define MAX_HELD 65536
/* In one turn, so that no port keeps the others waiting. */
#define FRAMES_PER_TURN 64
/* What the kernel holds for us while we are not scheduled. */
#define SOCKET_BUFFER (16 * 1024 * 1024)

struct port {
  int socket;
  const char *name;
  unsigned char address[ETH_ALEN];
  int known;
  uint64_t bytes_in, bytes_out, payload_in, payload_out, lost;
};

struct held {
  int64_t due;
  int from;
  size_t length;
  unsigned char *bytes;
};

static struct port ports[MAX_PORTS];
static int port_count;
static struct held held[MAX_HELD];
static unsigned held_first, held_count;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_port(const char *name) {
  int opened = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  if (opened < 0) fail("socket");
  int one = 1, buffer = SOCKET_BUFFER;
  struct sockaddr_ll device = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  device.sll_ifindex = (int)if_nametoindex(name);
  struct packet_mreq all = {.mr_ifindex = device.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  if (setsockopt(opened, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0) fail("PACKET_VNET_HDR");
  if (setsockopt(opened, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0) fail("PACKET_IGNORE_OUTGOING");
  if (setsockopt(opened, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0) fail(name);
  for (int option = 0; option < 2; option++) {
    int forced = option ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, plain = option ? SO_SNDBUF : SO_RCVBUF;
    if (setsockopt(opened, SOL_SOCKET, forced, &buffer, sizeof buffer) < 0)
      setsockopt(opened, SOL_SOCKET, plain, &buffer, sizeof buffer);
  }
  if (bind(opened, (struct sockaddr *)&device, sizeof device) < 0) fail(name);
  return opened;
}

/* Bytes that TCP carries for whoever uses it, without any headers; repeated ones count again. */
static uint64_t payload_of(const unsigned char *frame, size_t length) {
  const unsigned char *ip = frame + ETHER_HDR_LEN;
  if (length < ETHER_HDR_LEN + 40 || frame[12] != 8 || frame[13] != 0 || ip[9] != IPPROTO_TCP) return 0;
  size_t header = (ip[0] & 15) * 4u, total = ip[2] * 256u + ip[3];
  size_t tcp = (ip[header + 12] >> 4) * 4u;
  return total > header + tcp ? total - header - tcp : 0;
}

static void take(int from, int64_t due) {
  static unsigned char buffer[MAX_FRAME];
  struct port *port = &ports[from];
  for (int frames = 0; frames < FRAMES_PER_TURN; frames++) {
    ssize_t length = recv(port->socket, buffer, sizeof buffer, 0);
    if (length <= HEADER + ETHER_HDR_LEN) return;
    memcpy(port->address, buffer + HEADER + ETH_ALEN, ETH_ALEN);
    port->known = 1;
    port->bytes_in += (uint64_t)length - HEADER;
    port->payload_in += payload_of(buffer + HEADER, (size_t)length - HEADER);
    if (held_count == MAX_HELD) {
      port->lost++;
      continue;
    }
    struct held *place = &held[(held_first + held_count++) % MAX_HELD];
    *place = (struct held){due, from, (size_t)length, malloc((size_t)length)};
    if (place->bytes == NULL) fail("malloc");
    memcpy(place->bytes, buffer, (size_t)length);
  }
}

static void give(struct port *port, const struct held *frame) {
  if (send(port->socket, frame->bytes, frame->length, 0) < 0) {
    port->lost++;
    return;
  }
  port->bytes_out += frame->length - HEADER;
  port->payload_out += payload_of(frame->bytes + HEADER, frame->length - HEADER);
}

static void give_due(void) {
  for (; held_count > 0 && held[held_first].due <= now_ns(); held_count--, held_first = (held_first + 1) % MAX_HELD) {
    struct held *frame = &held[held_first];
    int to = 0;
    while (to < port_count && !(ports[to].known && memcmp(ports[to].address, frame->bytes + HEADER, ETH_ALEN) == 0)) to++;
    if (to < port_count) give(&ports[to], frame);
    else
      for (int each = 0; each < port_count; each++)
        if (each != frame->from) give(&ports[each], frame);
    free(frame->bytes);
  }
}

static void report(void) {
  for (int each = 0; each < port_count; each++) {
    struct port *port = &ports[each];
    printf("%s{\"port\":\"%s\",\"bytesIn\":%llu,\"bytesOut\":%llu,\"payloadIn\":%llu,\"payloadOut\":%llu,\"lost\":%llu}",
           each == 0 ? "[" : ",", port->name, (unsigned long long)port->bytes_in, (unsigned long long)port->bytes_out,
           (unsigned long long)port->payload_in, (unsigned long long)port->payload_out, (unsigned long long)port->lost);
  }
  printf("]\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 3 || argc - 2 > MAX_PORTS) return 2;
  int64_t delay = atoll(argv[1]) * 1000000LL;
  struct pollfd polled[MAX_PORTS + 1];
  for (port_count = 0; port_count < argc - 2; port_count++) {
    ports[port_count] = (struct port){.socket = open_port(argv[port_count + 2]), .name = argv[port_count + 2]};
    polled[port_count] = (struct pollfd){.fd = ports[port_count].socket, .events = POLLIN};
  }
  polled[port_count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int64_t wait = held_count == 0 ? 1000000000LL : held[held_first].due - now_ns();
    if (wait < 0) wait = 0;
    struct timespec until = {wait / 1000000000LL, wait % 1000000000LL};
    if (ppoll(polled, (nfds_t)port_count + 1, &until, NULL) < 0 && errno != EINTR) fail("ppoll");
    int64_t due = now_ns() + delay;
    for (int each = 0; each < port_count; each++)
      if (polled[each].revents != 0) take(each, due);
    give_due();
    if (polled[port_count].revents != 0) {
      char line[256];
      if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
      report();
    }
  }
}
