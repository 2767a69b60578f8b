/**
 * What the status page tells of one service.
 */
export class ServiceStats {
  connections = 0;
  connectionsTotal = 0;
  operations = 0;

  constructor(readonly name: string) {}

  opened(): void {
    this.connections++;
    this.connectionsTotal++;
  }

  closed(): void {
    this.connections--;
  }
}
