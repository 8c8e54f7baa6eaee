"""Words around numbers: units, currencies, classifiers, and what only looks like a number."""

import re
from functools import lru_cache
from pathlib import Path

WORDS = Path(__file__).parent.parent / "assets" / "values" / "not_counts.txt"


def any_of(words: list[str] | dict[str, str]) -> str:
    """Returns an expression for one of the words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _words(text: str) -> list[str]:
    return text.split()


# The symbol of each unit of measure
UNITS = {
    "公里": "km", "公尺": "m", "公吨": "t", "公克": "g", "尼特": "nit", "台斤": "台斤", "千米": "km", "km": "km",
    "KM": "km", "米": "m", "m": "m", "厘米": "cm", "公分": "cm", "cm": "cm",
    "毫米": "mm", "mm": "mm", "微米": "µm", "纳米": "nm", "nm": "nm", "英里": "mi", "海里": "nmi", "英尺": "ft",
    "英寸": "in", "寸": "寸", "尺": "尺", "丈": "丈", "里": "里", "光年": "ly",
    "公斤": "kg", "千克": "kg", "kg": "kg", "KG": "kg", "克": "g", "g": "g", "毫克": "mg", "mg": "mg", "微克": "µg",
    "吨": "t", "万吨": "万吨", "斤": "斤", "磅": "lb", "克拉": "ct", "钱": "钱",
    "平方公里": "km2", "平方千米": "km2", "平方米": "m2", "平米": "m2", "平方": "m2",
    "平方厘米": "cm2", "平方毫米": "mm2", "平方分米": "dm2", "平方英里": "mi2", "平方英尺": "ft2", "立方厘米": "cm3",
    "立方分米": "dm3", "立方毫米": "mm3", "立方英尺": "ft3", "分米": "dm", "英亩": "acre", "hm2": "ha", "m2": "m2",
    "m3": "m3", "km2": "km2", "cm2": "cm2", "cm3": "cm3", "两": "两", "㎡": "m2", "平": "m2",
    "立方米": "m3", "立方": "m3", "公顷": "ha", "亩": "亩", "坪": "坪",
    "升": "L", "L": "L", "毫升": "mL", "ml": "mL", "mL": "mL", "加仑": "gal",
    "摄氏度": "℃", "℃": "℃", "°C": "℃", "华氏度": "℉", "℉": "℉", "度": "℃", "°": "°",
    "PB": "PB", "TB": "TB", "GB": "GB", "MB": "MB", "KB": "KB", "kB": "KB", "T": "TB", "G": "GB", "KB/s": "KB/s",
    "MB/s": "MB/s", "GB/s": "GB/s", "km/h": "km/h", "m/s": "m/s", "公里/小时": "km/h",
    "公里每小时": "km/h", "千米/小时": "km/h", "千米每小时": "km/h", "米/秒": "m/s", "米每秒": "m/s",
    "g/L": "g/L", "mg/L": "mg/L",
    "mg/dL": "mg/dL", "U/L": "U/L", "μg": "µg", "μm": "µm", "rpm": "rpm", "fps": "fps", "dpi": "dpi", "bpm": "bpm",
    "cc": "cc", "lx": "lx",
    "Mbps": "Mbps", "Gbps": "Gbps",
    "GHz": "GHz", "MHz": "MHz", "kHz": "kHz", "Hz": "Hz", "赫兹": "Hz", "毫安时": "mAh", "mAh": "mAh", "安时": "Ah",
    "千瓦时": "kWh", "kWh": "kWh", "度电": "kWh", "瓦时": "Wh", "兆瓦时": "MWh", "MWh": "MWh", "GWh": "GWh", "MW": "MW",
    "GW": "GW", "kV": "kV", "mA": "mA", "kPa": "kPa", "hPa": "hPa", "MPa": "MPa", "兆帕": "MPa", "兆赫": "MHz",
    "Kg": "kg", "CM": "cm", "kw": "kW", "KW": "kW", "px": "px", "°F": "℉", "盎司": "oz",
    "焦耳": "J", "兆瓦": "MW", "千瓦": "kW", "kW": "kW", "瓦": "W", "W": "W",
    "伏": "V", "V": "V", "安": "A", "分贝": "dB", "dB": "dB", "马力": "hp", "牛米": "N·m", "卡路里": "cal",
    "大卡": "kcal", "千卡": "kcal", "帕": "Pa", "mmHg": "mmHg", "毫米汞柱": "mmHg", "级": "级",
    "周岁": "岁", "岁": "岁", "个工作日": "工作日", "工作日": "工作日", "像素": "px", "mmol/L": "mmol/L",
}  # fmt: skip
# The units that may follow behind the first part of a quantity, with what they are worth in the unit before: 三斤二两
PARTS_OF_UNITS = {
    "斤": {"两": "0.1"}, "两": {"钱": "0.1"}, "丈": {"尺": "0.1"}, "尺": {"寸": "0.1"}, "寸": {"分": "0.1"},
    "亩": {"分": "0.1"}, "t": {"公斤": "0.001", "千克": "0.001", "kg": "0.001"}, "kg": {"克": "0.001", "g": "0.001"},
    "km": {"米": "0.001", "m": "0.001"}, "m": {"厘米": "0.01", "公分": "0.01", "cm": "0.01"},
}  # fmt: skip
CURRENCIES = {
    "人民币": "CNY", "元": "CNY", "圆": "CNY", "块钱": "CNY", "块": "CNY", "RMB": "CNY", "CNY": "CNY", "¥": "CNY",
    "￥": "CNY", "美元": "USD", "美金": "USD", "USD": "USD", "US$": "USD", "$": "USD", "欧元": "EUR", "EUR": "EUR",
    "€": "EUR", "英镑": "GBP", "GBP": "GBP", "£": "GBP", "日元": "JPY", "日圆": "JPY", "JPY": "JPY", "港元": "HKD",
    "港币": "HKD", "港纸": "HKD", "HKD": "HKD", "HK$": "HKD", "新台币": "TWD", "台币": "TWD", "TWD": "TWD",
    "NT$": "TWD", "韩元": "KRW", "卢布": "RUB", "澳元": "AUD", "加元": "CAD", "瑞郎": "CHF", "瑞士法郎": "CHF",
    "新元": "SGD", "新加坡元": "SGD", "泰铢": "THB", "卢比": "INR", "越南盾": "VND", "澳门元": "MOP", "澳币": "AUD",
    "日币": "JPY", "韩币": "KRW", "加币": "CAD", "新币": "SGD", "纽元": "NZD", "新西兰元": "NZD", "雷亚尔": "BRL",
    "里拉": "TRY", "林吉特": "MYR", "令吉": "MYR", "兰特": "ZAR", "迪拉姆": "AED", "谢克尔": "ILS", "坚戈": "KZT",
}  # fmt: skip
# What currencies are called behind 万 and 亿 only: 100万欧, but 100欧 is a resistance
CLIPPED = {"欧": "EUR", "镑": "GBP", "刀": "USD"}
# After a number, what is counted
CLASSIFIERS = _words(
    """
    个 名 位 人 辆 架 艘 台 部 家 所 座 栋 幢 间 条 张 片 块 只 头 匹 棵 株 朵 粒 颗 把 件 套 双 对 副 份 封 本 册 页
    章 篇 首 支 枝 根 辆次 列 次 回 遍 趟 场 届 期 批 组 队 项 种 类 样 门 户 口 字 句 分 集 季 轮 桶 瓶 杯 碗 盘 包
    袋 盒 箱 步 圈 篮板 球 粉丝 起 例 宗 桩 笔 单 票 卡 道 站 手 股 点 国 县 市 省 村 镇 乡 校 院 名额 顶 盏 幅 扇 枚
    柄 发 剂 滴 面 堵 层 款 行 声 拳 脚 刀 枪 胎 桌 房 厅 室 幕 局 连 具 尊 尾 束 串 排 团 班 窝 代 万 餐 顿 杆 通 员
    者 球迷 观众 游客 学生 参数 群众 旅客 市民 职工 村民 居民 用户 品种 城门 景 则 便 间房 床 席 筐 捆 车 船 摞 沓
    页纸 格 里路 节 处 曲 段 卷 针 碟 壶 罐 缸 勺 群 关 胜 负 帧 核 线程 平 招 号人 金 银 铜 架次 车次 人次 人份 词 板
    元素 车道 车厢 步骤 部门 公司 企业 单位 学校 城市 国家 地区 省份 项目 案件 代表 官兵 战士 师生 考生 选手 演员 记者
    志愿者 医护 病例 岗位 词条 会员 商家 门店 网点 折页 拨 伙 帮 茬 亩地 死 伤
    """
)
# Words in which a number is a part, and no count, besides those of the file
NOT_COUNTS = _words(
    """
    三只松鼠 七匹狼 三顿半 九毛九 六个核桃 三只羊 三十六计 两只老虎 三个火枪手 七个小矮人 一百零八将 八十一难 三个和尚
    十万个为什么 三百六十行 一千零一夜 百公里加速 百公里油耗 百公里电耗 三人行 二人世界 三人称 四大名著 一亩三分地
    十个手指 二把手 三天两头 三番五次 万一 十分 百度 半天 两会 百分百 一点 一些 一下 一样 一起 一直 一定 一般 一切
    一共 一旦 一边 一会 一路 大半 万岁 千岁 四季 二次元 三次元
    """
)
# Of two characters each, or the last two of four; none that is as often a place or another word: 长安, 和平
REIGNS = _words(
    """
    康熙 雍正 乾隆 嘉庆 道光 咸丰 同治 光绪 宣统 顺治 崇祯 万历 嘉靖 正德 弘治 成化 宣德 永乐 洪武 贞观 开元 天宝
    元丰 绍兴 建安 昭和 平成 令和 明治 大正 建元 元光 元朔 元狩 元鼎 元封 太初 天汉 太始 征和 始元 元凤 元平 本始
    地节 元康 神爵 五凤 甘露 初元 永光 建昭 竟宁 建始 河平 阳朔 鸿嘉 永始 元延 绥和 建平 元寿 元始 居摄 天凤 地皇
    更始 建武 中元 永平 建初 章和 永元 元兴 延平 永初 元初 永宁 建光 延光 永建 阳嘉 永和 汉安 永嘉 本初 建和 元嘉
    永兴 永寿 延熹 建宁 熹平 光和 中平 初平 兴平 延康 黄初 太和 青龙 景初 正始 嘉平 正元 景元 咸熙 章武 建兴 延熙
    景耀 炎兴 黄武 嘉禾 赤乌 太元 神凤 宝鼎 建衡 天册 天玺 天纪 泰始 太康 太熙 永熙 太安 光熙 太兴 永昌 太宁 咸和
    咸康 隆和 兴宁 咸安 宁康 隆安 义熙 元熙 景平 孝建 大明 景和 泰豫 元徽 升明 永明 延兴 永泰 天监 大通 太清 大宝 承圣
    绍泰 永定 天嘉 天康 太建 至德 祯明 登国 皇始 天赐 神瑞 泰常 神麚 延和 太延 真君 正平 兴光 皇兴 承明 景明 延昌
    熙平 神龟 正光 孝昌 武泰 建义 普泰 太昌 元象 兴和 武定 大统 天保 乾明 皇建 河清 天统 武平 隆化 武成 天和 宣政
    大象 大定 开皇 仁寿 义宁 武德 永徽 显庆 龙朔 麟德 乾封 总章 咸亨 仪凤 调露 永隆 开耀 永淳 嗣圣 光宅 垂拱 载初
    天授 延载 证圣 圣历 久视 神龙 景龙 唐隆 景云 宝应 大历 建中 兴元 贞元 永贞 元和 长庆 宝历 大和 会昌 大中 咸通
    乾符 广明 光启 文德 龙纪 大顺 景福 乾宁 光化 天复 天祐 天佑 乾化 贞明 龙德 同光 应顺 清泰 天福 开运 乾祐 乾佑
    广顺 显德 建隆 乾德 开宝 雍熙 端拱 淳化 至道 咸平 景德 祥符 天禧 乾兴 天圣 明道 景祐 景佑 宝元 康定 庆历 皇祐
    皇佑 至和 嘉祐 嘉佑 治平 熙宁 元祐 元佑 绍圣 元符 靖国 崇宁 大观 政和 宣和 靖康 建炎 隆兴 乾道 淳熙 绍熙 庆元
    嘉泰 开禧 宝庆 绍定 端平 嘉熙 淳祐 淳佑 宝祐 宝佑 景定 咸淳 德祐 德佑 景炎 祥兴 神册 天赞 天显 天禄 应历 乾亨
    统和 开泰 重熙 清宁 咸雍 寿昌 乾统 收国 天辅 天会 天眷 皇统 天德 正隆 明昌 承安 崇庆 至宁 贞祐 贞佑 兴定 中统
    至元 元贞 大德 至大 皇庆 延祐 延佑 至治 泰定 致和 天顺 天历 至顺 元统 至正 建文 洪熙 景泰 隆庆 泰昌 天启 弘光
    隆武 永历 天聪 崇德
    """
)
HOLIDAYS = _words(
    """
    春节 国庆节 国庆 中秋节 中秋 端午节 端午 元旦 五一 清明节 清明 除夕 元宵节 元宵 重阳节 重阳 圣诞节 圣诞 七夕
    """
)


@lru_cache(maxsize=1)
def not_counts() -> frozenset[str]:
    """Returns the words in which a number is no count, such as 三国 and 五花肉."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset([*(line for line in lines if not line.startswith("#")), *NOT_COUNTS])
