import { createPostageApp } from '../lib/postage-app.ts';

createPostageApp().synth();
