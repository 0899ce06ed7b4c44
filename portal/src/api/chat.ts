// A chat through the data plane, as the playground sends it: one answer, whole or streamed.
import { createParser } from 'eventsource-parser';
import { guardedFetch } from './http';
import { ConnectionLost } from './problem';

/** A part of a prompt: text, or an image as a `data:` address. */
export type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string | Part[];
}

/** What a model asks to be called, as far as it is there: arguments come piece by piece. */
export interface ToolCall {
  name: string;
  /** JSON, when it is whole. */
  arguments: string;
}

export interface ChatRequest {
  model: string;
  messages: Message[];
  stream: boolean;
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  /** As the reader wrote them; the gateway says what is wrong with one. */
  tools?: unknown[];
}

/** What is known of an answer so far. */
export interface ChatAnswer {
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  finishReason: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  /** Nano-dollars; null while unknown, or when the model has no price. */
  cost: number | null;
  requestId: string | null;
  provider: string | null;
  model: string | null;
  /** Parameters that the target could not take. */
  dropped: string | null;
  /** Milliseconds from sending to the first piece of text. */
  firstTextMs: number | null;
  totalMs: number | null;
  /** What went wrong after the answer had begun. */
  error: string | null;
}

export const nothingYet: ChatAnswer = {
  text: '',
  reasoning: '',
  toolCalls: [],
  finishReason: null,
  inputTokens: null,
  outputTokens: null,
  cost: null,
  requestId: null,
  provider: null,
  model: null,
  dropped: null,
  firstTextMs: null,
  totalMs: null,
  error: null,
};

interface Piece {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; cost?: number } | null;
  error?: { message?: string };
}
interface Delta {
  content?: string | null;
  reasoning_content?: string | null;
  tool_calls?: { index?: number; function?: { name?: string; arguments?: string } }[] | null;
}

/** Pieces of a call bear its place among them; whole ones stand in order. */
function withCalls(calls: ToolCall[], pieces: Delta['tool_calls']): ToolCall[] {
  const all = [...calls];
  (pieces ?? []).forEach((piece, order) => {
    const at = piece.index ?? order;
    const known = all[at] ?? { name: '', arguments: '' };
    all[at] = {
      name: known.name + (piece.function?.name ?? ''),
      arguments: known.arguments + (piece.function?.arguments ?? ''),
    };
  });
  return all.filter(Boolean);
}

/** Adds one piece of an answer: an event of a stream, or the whole body of an answer that is none. */
export function withPiece(answer: ChatAnswer, piece: Piece): ChatAnswer {
  const choice = piece.choices?.[0];
  const delta = choice?.delta ?? choice?.message;
  const usage = piece.usage;
  return {
    ...answer,
    text: answer.text + (delta?.content ?? ''),
    reasoning: answer.reasoning + (delta?.reasoning_content ?? ''),
    toolCalls: withCalls(answer.toolCalls, delta?.tool_calls),
    finishReason: choice?.finish_reason ?? answer.finishReason,
    inputTokens: usage?.prompt_tokens ?? answer.inputTokens,
    outputTokens: usage?.completion_tokens ?? answer.outputTokens,
    cost: typeof usage?.cost === 'number' ? Math.round(usage.cost * 1e9) : answer.cost,
    error: piece.error ? (piece.error.message ?? JSON.stringify(piece.error)) : answer.error,
  };
}

function withHead(answer: ChatAnswer, headers: Headers): ChatAnswer {
  const cost = headers.get('x-weir-cost');
  return {
    ...answer,
    requestId: headers.get('x-weir-request-id'),
    provider: headers.get('x-weir-provider'),
    model: headers.get('x-weir-model'),
    dropped: headers.get('x-weir-dropped-params'),
    cost: cost === null || cost === '' || Number.isNaN(Number(cost)) ? answer.cost : Math.round(Number(cost) * 1e9),
  };
}

/** Sends a chat and reports the answer each time that more of it is known. */
export async function chat(request: ChatRequest, signal: AbortSignal, onProgress: (answer: ChatAnswer) => void) {
  const began = performance.now();
  const since = () => performance.now() - began;
  const body = { ...request, ...(request.stream ? { stream_options: { include_usage: true } } : {}) };
  const response = await guardedFetch(
    new Request(new URL('/api/v1/playground/chat', window.location.origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    }),
  );
  let answer = withHead(nothingYet, response.headers);
  const add = (piece: Piece) => {
    answer = withPiece(answer, piece);
    if (answer.firstTextMs === null && (answer.text || answer.reasoning || answer.toolCalls.length > 0))
      answer = { ...answer, firstTextMs: since() };
    onProgress(answer);
  };
  try {
    if (response.headers.get('content-type')?.includes('text/event-stream')) await readEvents(response, add);
    else add(await response.json());
  } catch (failure) {
    if (signal.aborted) throw failure;
    throw new ConnectionLost('cut');
  }
  onProgress({ ...answer, totalMs: since() });
}

/** Reads server-sent events to their end; pieces may be cut anywhere, also within a character. */
export async function readEvents(response: Response, onPiece: (piece: Piece) => void) {
  if (!response.body) return;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== '[DONE]') onPiece(JSON.parse(data));
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(value);
  }
}
