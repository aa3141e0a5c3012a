export declare const PACKED: URL;
export declare function packedProgram(name: string, folder?: URL): URL | undefined;
export declare function fileStamp(path: string): string;
