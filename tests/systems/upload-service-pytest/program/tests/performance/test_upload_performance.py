import asyncio

import pytest

from upload_service import upload, validate_token


class TestUploadPerformance:
    @pytest.mark.parametrize("size, times", [(10_240, 30), (1_048_576, 12), (10_485_760, 6)], ids=["10KB", "1MB", "10MB"])
    def test_upload_latency(self, size, times, performance_collector, save_performance_report, request):
        content = b"x" * size

        async def all_of_them():
            for _ in range(times):
                await performance_collector.measure(upload(content))

        asyncio.run(all_of_them())
        save_performance_report(performance_collector.report(f"upload_{request.node.callspec.id}"))

    def test_jwt_validation_latency(self, benchmark):
        benchmark.pedantic(validate_token, args=(3**1200,), rounds=40, warmup_rounds=2)


@pytest.mark.load_test
class TestUploadThroughput:
    @pytest.mark.parametrize("users, total", [(10, 100), (50, 500)], ids=["10_users", "50_users"])
    def test_concurrent_uploads(self, users, total, performance_collector, load_test_scenario, save_performance_report):
        load_test_scenario(lambda request: upload(b"x" * 10_240, request, users), users, total, performance_collector)
        save_performance_report(performance_collector.report(f"concurrent_upload_{users}"))
