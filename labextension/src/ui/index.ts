export * from './attempt';
export * from './format';
export * from './formdialog';
export * from './icons';
export * from './names';
export * from './parts';
export * from './section';
export * from './state';
