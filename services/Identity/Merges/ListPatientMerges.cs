using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Merges;

internal sealed class ListPatientMergesHandler(MergeResource merges) : IToolHandler<ListPatientMerges, Page<PatientMerge>>
{
    public Task<Page<PatientMerge>> HandleAsync(ListPatientMerges request, CancellationToken ct) => merges.ReadPageAsync(request, list =>
    {
        list.Where("status", request.Status);
        if (request.PatientId is { } id) list.Where(m => m.SurvivingId == id || m.MergedId == id);
    }, ct);
}
