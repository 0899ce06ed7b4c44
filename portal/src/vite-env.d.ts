// Modules that the build makes.
/// <reference types="vite/client" />
declare module 'virtual:theme-variables.css';
declare module '@fontsource/*';
