using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Wakes this process's dispatcher once an event is committed. The signal costs the database nothing, whereas NOTIFY would make all commits queue behind one
/// lock. Events that a crashed process left are found by the next poll of any replica.
/// </summary>
public sealed class OutboxSignal : DbTransactionInterceptor, IDisposable
{
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<DbTransaction, object> _pendingTransactions = [];

    internal void WakeWhenCommitted(IDbContextTransaction? transaction)
    {
        if (transaction is null) Wake();
        else _pendingTransactions.AddOrUpdate(transaction.GetDbTransaction(), this);
    }

    /// <inheritdoc/>
    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (_pendingTransactions.Remove(transaction)) Wake();
        return Task.CompletedTask;
    }

    internal Task<bool> WaitAsync(TimeSpan timeout, CancellationToken ct) => _signal.WaitAsync(timeout, ct);

    public void Dispose() => _signal.Dispose();

    private void Wake()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already signaled: one wake-up dispatches all pending events.
        }
    }
}
