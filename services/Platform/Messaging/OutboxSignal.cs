using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Wakes the dispatcher of this process once an event is committed. Costs the database nothing, where NOTIFY would make all commits queue
/// behind one lock; what a crashed process left is found by the next poll of any replica.
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

    internal Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct) => _signal.WaitAsync(atMost, ct);

    public void Dispose() => _signal.Dispose();

    private void Wake()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already rung: one waking dispatches all that waits.
        }
    }
}
