import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import express from 'express';

export const cluster = createCluster({
  name: 'shop',
  endpoints: process.env['SHOP_ENDPOINTS']!.split(','), // http://10.0.0.1:3000,http://10.0.0.2:3000
});

const front = express();
front.use(balance(cluster, { sticky: true }));

export const server = front.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
