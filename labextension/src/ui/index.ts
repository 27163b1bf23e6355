export * from './format';
export * from './formdialog';
export * from './icons';
export * from './parts';
export * from './section';
export * from './state';
