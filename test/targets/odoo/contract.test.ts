import { connectorContract } from '../../conformance/connector-contract.ts';
import { contractTarget } from './sandbox.ts';

connectorContract('Odoo 19 over JSON-2', () => contractTarget('19.0'));
connectorContract('Odoo 18 over JSON-RPC', () => contractTarget('18.0'));
