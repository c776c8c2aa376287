using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Billing.Invoices;

internal sealed class ListInvoicesHandler(InvoiceResource invoices)
    : IToolHandler<ListInvoices, Page<Contracts.Billing.Invoice>>, IParameterValidator<ListInvoices>
{
    public Task AddErrorsAsync(ListInvoices request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public Task<Page<Contracts.Billing.Invoice>> HandleAsync(ListInvoices request, CancellationToken ct) => invoices.ReadPageAsync(request, list => list
        .Where("hospital_id", request.HospitalId)
        .Where("subscription_id", request.SubscriptionId)
        .Where("type", request.Type)
        .From("issued_on", request.DateFrom)
        .To("issued_on", request.DateTo), ct);
}
