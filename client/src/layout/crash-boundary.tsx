import { Component, type ReactNode } from "react";
import { CrashPage } from "#layout/crash-page.tsx";

interface CrashBoundaryProps {
  /** A change of it tries again: the person has gone elsewhere. */
  resetKey: string;
  children: ReactNode;
}

interface CrashBoundaryState {
  error: unknown;
  failedKey: string | undefined;
}

export class CrashBoundary extends Component<CrashBoundaryProps, CrashBoundaryState> {
  override state: CrashBoundaryState = { error: undefined, failedKey: undefined };

  static getDerivedStateFromError(error: unknown): Partial<CrashBoundaryState> {
    return { error };
  }

  static getDerivedStateFromProps(
    props: CrashBoundaryProps,
    state: CrashBoundaryState,
  ): Partial<CrashBoundaryState> | null {
    if (state.error === undefined) return null;
    if (state.failedKey === undefined) return { failedKey: props.resetKey };
    return state.failedKey === props.resetKey ? null : { error: undefined, failedKey: undefined };
  }

  readonly reset = () => {
    this.setState({ error: undefined, failedKey: undefined });
  };

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <CrashPage error={this.state.error} reset={this.reset} />;
  }
}
