using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Duplicates;

internal sealed class ListDuplicateCandidatesHandler(DuplicateCandidateResource candidates)
    : IToolHandler<ListDuplicateCandidates, Page<DuplicateCandidate>>
{
    public Task<Page<DuplicateCandidate>> HandleAsync(ListDuplicateCandidates request, CancellationToken ct) =>
        candidates.ReadPageAsync(request, list => list.From("score", request.MinScore), ct);
}
