// Keeps a defect in one page from taking the header, the feed state and the banners with it.

import type { ReactNode } from 'react';
import { Component } from 'react';
import { Notice } from '../components/Notice.tsx';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly message: string | null;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { message: null };

  static getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === null) return this.props.children;
    return (
      <Notice title="This page has failed">
        <p>{message}</p>
        <button type="button" onClick={() => this.setState({ message: null })}>
          Draw it again
        </button>
      </Notice>
    );
  }
}
